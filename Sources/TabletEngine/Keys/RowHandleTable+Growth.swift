import CKernels

/// How the shards of a table come, grow, split and shrink.
extension RowHandleTable {
  /// A shard splits at a size drawn from the upper half of this, so that shards do not all split,
  /// and later grow, at the same time.
  private static let splitCountMax = 1 << 16
  private static let splitCounts = splitCountMax / 2..<splitCountMax
  /// Of a shard's homes, in percent: how many are used before it grows, and after.
  private static let fullLoad = 90
  private static let freshLoad = 80
  /// Below this it shrinks.
  private static let sparseLoad = 40
  /// Homes of the smallest shard that has any, beyond its load.
  private static let spareHomeCount = 8
  /// Slots behind the last home, for entries that find theirs taken; with so many and a load of
  /// 90 % few shards ever run out of them.
  private static let overflowCounts = 8...64

  var directoryCount: Int { 1 << Int(table.depth) }

  func makeFirstShard() {
    let directory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    directory.initialize(to: 0)
    table.directory = UnsafePointer(directory)
    var shard = makeShard(homeCount: 0, overflowCount: 0, depth: 0)
    ck_row_clear(&table, &shard)
    append(shard)
  }

  func freeMemory() {
    for index in 0..<shardCount { table.shards[index].slots.deallocate() }
    table.shards.deallocate()
    table.directory.deallocate()
  }

  /// Makes room for so many codes in all, so that hardly a shard has to grow until they are there.
  package func reserve(_ count: Int) {
    precondition((0...Self.countMax).contains(count), "room for \(count) of \(Self.countMax)")
    var index = 0
    while index < shardCount {
      let depth = table.shards[index].depth
      if count >> Int(depth) >= Int(table.shards[index].split_count),
        maySplit(depth: depth, count: count)
      {
        split(index)
        continue
      }
      // The shares of shards differ by chance.
      let share = count >> Int(depth)
      let homeCount = share * 100 / (Self.fullLoad - 2) + Self.spareHomeCount
      if share > 0, homeCount > table.shards[index].home_count {
        resize(index, homeCount: homeCount)
      }
      index += 1
    }
  }

  /// Gives the shard of a code room for at least another entry, or a way to it.
  func makeRoom(for code: UnsafePointer<UInt64>) {
    precondition(count < Self.countMax, "a table of \(Self.countMax) handles is full")
    let index = Int(ck_row_shard_of(&table, code))
    let shard = table.shards[index]
    if shard.count < shard.count_max {
      resize(
        index, homeCount: shard.home_count,
        overflowCount: (shard.slot_count - shard.home_count) * 2)
    } else if shard.count >= shard.split_count, maySplit(depth: shard.depth, count: count) {
      split(index)
    } else {
      resize(index, homeCount: Self.homeCount(for: Int(shard.count), load: Self.freshLoad))
    }
  }

  /// Looks at some shards in turn and makes those smaller that have become sparse.
  func shrink(afterRemoving removedCount: Int) {
    guard removedCount > 0 else { return }
    for _ in 0..<min(shardCount, 2 + removedCount / 256) {
      nextToShrink = (nextToShrink + 1) % shardCount
      let shard = table.shards[nextToShrink]
      let homeCount = Self.homeCount(for: Int(shard.count), load: Self.freshLoad)
      if Int(shard.count) * 100 < shard.home_count * Self.sparseLoad, homeCount < shard.home_count {
        resize(nextToShrink, homeCount: homeCount)
      }
    }
  }

  private static func homeCount(for count: Int, load: Int) -> Int {
    count * 100 / load + spareHomeCount
  }

  private static func overflowCount(forHomes homeCount: Int) -> Int {
    min(overflowCounts.lowerBound + homeCount / 64, overflowCounts.upperBound)
  }

  /// Whether a shard of this depth may be split in a table that has, or will have, so many entries.
  /// Codes that all begin with the same bits would else make the directory grow without end.
  private func maySplit(depth: UInt32, count: Int) -> Bool {
    depth < 32 && 1 << (Int(depth) + 1) <= 2 + count / (Self.splitCountMax / 8)
  }

  /// A shard whose slots have yet to be written.
  private func makeShard(homeCount: Int, overflowCount: Int, depth: UInt32) -> ck_row_shard {
    var shard = ck_row_shard()
    shard.home_count = homeCount
    shard.slot_count = homeCount + overflowCount
    shard.count_max = UInt64(homeCount * Self.fullLoad / 100)
    shard.split_count = UInt64(Int.random(in: Self.splitCounts, using: &random))
    shard.depth = depth
    let byteCount = (shard.slot_count + 1) * ck_row_stride(&table)
    shard.slots = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 1)
      .bindMemory(to: UInt8.self, capacity: byteCount)
    slotByteCount += byteCount
    return shard
  }

  private func free(_ shard: ck_row_shard) {
    slotByteCount -= (shard.slot_count + 1) * ck_row_stride(&table)
    shard.slots.deallocate()
  }

  private func append(_ shard: ck_row_shard) {
    if shardCount == shardCapacity {
      let capacity = max(1, shardCapacity * 2)
      let shards = UnsafeMutablePointer<ck_row_shard>.allocate(capacity: capacity)
      if let old = table.shards {
        shards.moveInitialize(from: old, count: shardCount)
        old.deallocate()
      }
      table.shards = shards
      shardCapacity = capacity
    }
    (table.shards + shardCount).initialize(to: shard)
    shardCount += 1
  }

  private func resize(_ index: Int, homeCount: Int, overflowCount: Int? = nil) {
    let old = table.shards[index]
    var shard = copy(
      of: old, slots: 0..<old.slot_count, homeCount: homeCount,
      overflowCount: overflowCount ?? Self.overflowCount(forHomes: homeCount), depth: old.depth)
    shard.split_count = old.split_count
    table.shards[index] = shard
    free(old)
  }

  /// The entries of some slots in a new shard, with more slots behind the homes if need be.
  private func copy(
    of source: ck_row_shard, slots: Range<Int>, homeCount: Int, overflowCount: Int, depth: UInt32
  ) -> ck_row_shard {
    var overflowCount = overflowCount
    var source = source
    while true {
      var target = makeShard(homeCount: homeCount, overflowCount: overflowCount, depth: depth)
      if ck_row_copy(&table, &source, slots.lowerBound, slots.upperBound, &target) {
        return target
      }
      free(target)
      overflowCount = max(overflowCount, Self.overflowCounts.lowerBound) * 2
    }
  }

  /// Replaces a shard by two with half of its codes each, as far as these are spread evenly.
  private func split(_ index: Int) {
    var old = table.shards[index]
    var lowerCount: UInt64 = 0
    let middle = ck_row_middle(&table, &old, &lowerCount)
    let upperCount = Int(old.count - lowerCount)
    let depth = old.depth + 1
    func half(_ slots: Range<Int>, _ count: Int) -> ck_row_shard {
      // Any load, so that shards do not all grow at the same time.
      let load = Int.random(in: Self.freshLoad..<Self.fullLoad, using: &random)
      let homeCount = count == 0 ? 0 : Self.homeCount(for: count, load: load)
      return copy(
        of: old, slots: slots, homeCount: homeCount,
        overflowCount: count == 0 ? 0 : Self.overflowCount(forHomes: homeCount), depth: depth)
    }
    let lower = half(0..<middle, Int(lowerCount))
    let upper = half(middle..<old.slot_count, upperCount)
    table.shards[index] = lower
    append(upper)
    free(old)
    if depth > table.depth { doubleDirectory() }
    redirectUpperHalf(from: UInt32(index), to: UInt32(shardCount - 1))
  }

  private func doubleDirectory() {
    let count = directoryCount
    let directory = UnsafeMutablePointer<UInt32>.allocate(capacity: count * 2)
    for index in 0..<count * 2 {
      (directory + index).initialize(to: table.directory[index / 2])
    }
    table.directory.deallocate()
    table.directory = UnsafePointer(directory)
    table.depth += 1
  }

  /// The second half of the places in the directory that have a shard get another one.
  private func redirectUpperHalf(from lower: UInt32, to upper: UInt32) {
    let directory = UnsafeMutablePointer(mutating: table.directory!)
    guard let first = (0..<directoryCount).first(where: { directory[$0] == lower }) else {
      preconditionFailure("a shard without a place in the directory")
    }
    let placeCount = 1 << Int(table.depth - table.shards[Int(lower)].depth)
    for place in first + placeCount..<first + 2 * placeCount { directory[place] = upper }
  }
}

import StorageBase
import StorageIO
import Testing

/// What the in-memory file system says a power failure leaves, against the rules it promises.
struct CrashTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func syncedBytesSurviveAndOthersInSectors(seed: UInt64) throws {
    let system = MemoryFileSystem()
    var random = SeededGenerator(seed: seed)
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    var written: [UInt8] = []
    var syncedByteCount = 0
    for _ in 0..<Int.random(in: 0..<8, using: &random) {
      let bytes = (0..<Int.random(in: 0..<900, using: &random)).map { _ in
        UInt8.random(in: 1...255, using: &random)
      }
      try file.append(bytes)
      written += bytes
      if Bool.random(using: &random) {
        try file.sync()
        syncedByteCount = written.count
      }
    }
    let found = try system.crash(seed: seed).contents(of: "f")
    #expect(found.count >= syncedByteCount && found.count <= written.count)
    #expect(found.prefix(syncedByteCount) == written.prefix(syncedByteCount))
    for sector in sectors(syncedByteCount..<found.count) {
      // Garbage equals what was written only by a chance that short pieces have.
      let isLost = found[sector] != written[sector]
      let isTorn =
        isLost && found[sector].first == written[sector.lowerBound]
        && found[sector].last == written[sector.upperBound - 1] && sector.count > 8
      #expect(!isTorn, "sector \(sector) is there in part")
    }
    #expect(try system.contents(of: "f") == written, "the crash changed its past")
  }

  /// What was reserved is there as zeros, or what was appended since, once it has been synced.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func reservedRoomSurvivesOnceSynced(seed: UInt64) throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    try file.append([UInt8](repeating: 1, count: 700))
    try file.reserve(upTo: 3000)
    let isSynced = seed % 2 == 0
    if isSynced { try file.sync() }
    try file.append([UInt8](repeating: 2, count: 600))
    let found = try system.crash(seed: seed).contents(of: "f")
    if isSynced {
      #expect(found.count == 3000)
      #expect(found[..<700].allSatisfy { $0 == 1 })
    } else {
      #expect(found.count <= 1300 || found.count == 3000)
    }
    #expect(found.dropFirst(1300).allSatisfy { $0 == 0 })
  }

  @Test func reservingVaries() throws {
    let lengths = try (0..<60 as Range<UInt64>).map { seed in
      let system = MemoryFileSystem()
      let file = try system.create("f", cause: .log)
      try system.syncDirectory("/", cause: .log)
      try file.append([1, 2, 3])
      try file.reserve(upTo: 1000)
      if seed >= 30 {
        try file.sync()
        // Both the cut and what came before it are to be met.
        try file.truncate(to: 3)
      }
      return try system.crash(seed: seed).contents(of: "f").count
    }
    #expect(Set(lengths[..<30]).isSuperset(of: [0, 3, 1000]))
    #expect(Set(lengths[30...]) == [3, 1000])
  }

  /// `range` cut where sectors begin.
  private func sectors(_ range: Range<Int>) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, (start / 512 + 1) * 512)
      pieces.append(start..<end)
      start = end
    }
    return pieces
  }

  /// Sectors reach the disk in any order: a later one may be there and an earlier one not, and what
  /// is missing reads as zeros or as garbage.
  @Test func unsyncedSectorsSurviveInAnyCombination() throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    try file.append([UInt8](repeating: 1, count: 100))
    try file.sync()
    for fill in 2...5 as ClosedRange<UInt8> {
      try file.append([UInt8](repeating: fill, count: 500))
    }
    let written = try system.contents(of: "f")
    let pieces = sectors(100..<written.count)
    var combinations: Set<[Bool]> = []
    var fillings: Set<Bool> = []
    for seed in 0..<2000 as Range<UInt64> {
      let found = try system.crash(seed: seed).contents(of: "f")
      guard found.count == written.count else { continue }
      combinations.insert(pieces.map { found[$0] == written[$0] })
      for piece in pieces where found[piece] != written[piece] {
        fillings.insert(found[piece].allSatisfy { $0 == 0 })
      }
    }
    #expect(combinations.count == 1 << pieces.count)
    #expect(fillings == [true, false])
  }

  /// A place that was cut off and written again may hold, sector by sector, what it held before.
  @Test func aTruncationMayBeUndoneInPart() throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    try file.append([UInt8](repeating: 1, count: 512))
    try file.sync()
    try file.append([UInt8](repeating: 2, count: 1024))
    try file.truncate(to: 512)
    try file.append([UInt8](repeating: 3, count: 1024))
    var outcomes: Set<[UInt8]> = []
    for seed in 0..<500 as Range<UInt64> {
      let found = try system.crash(seed: seed).contents(of: "f")
      #expect(found.count >= 512 && found.prefix(512).allSatisfy { $0 == 1 })
      if found.count == 1536 { outcomes.insert([found[512], found[1024]]) }
    }
    for expected in [[2, 2], [3, 3], [2, 3], [3, 2]] as [[UInt8]] {
      #expect(outcomes.contains(expected))
    }
    try file.sync()
    for seed in 0..<20 as Range<UInt64> {
      let found = try system.crash(seed: seed).contents(of: "f")
      #expect(found.count == 1536 && found.dropFirst(512).allSatisfy { $0 == 3 })
    }
  }

  /// Everything that can be done to a directory can be lost, and can survive.
  @Test func anyChangeOfADirectoryMayBeLost() throws {
    let system = MemoryFileSystem()
    for name in ["kept", "removed", "old", "replaced"] {
      try system.write(Array(name.utf8), to: name)
    }
    try system.createDirectory("goes")
    try system.syncDirectory("/", cause: .tool)
    try system.remove("removed")
    try system.rename("old", to: "new")
    try system.write(Array("other".utf8), to: "replaced")
    try system.write(Array("created".utf8), to: "created")
    try system.createDirectory("directory")
    try system.removeDirectory("goes")
    var seen: [String: Set<Bool>] = [:]
    for seed in 0..<400 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      #expect(try crashed.contents(of: "kept") == Array("kept".utf8))
      let isRenamed = try crashed.exists("new")
      #expect(try crashed.exists("old") != isRenamed)
      seen["rename", default: []].insert(isRenamed)
      seen["remove", default: []].insert(try !crashed.exists("removed"))
      seen["replacement", default: []]
        .insert(try crashed.contents(of: "replaced") == Array("other".utf8))
      seen["create", default: []].insert(try crashed.exists("created"))
      seen["new directory", default: []].insert(try crashed.exists("directory"))
      seen["removed directory", default: []].insert(try !crashed.exists("goes"))
    }
    #expect(seen.count == 6)
    for (change, outcomes) in seen { #expect(outcomes.count == 2, "\(change)") }
  }

  /// Over many seeds every kind of outcome is met, or the simulation tests little.
  @Test func outcomesVary() throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    try file.append([UInt8](repeating: 1, count: 100))
    try file.sync()
    try file.append([UInt8](repeating: 2, count: 2000))
    var (nothing, everything, part, zeros, garbage) = (0, 0, 0, 0, 0)
    for seed in 0..<300 as Range<UInt64> {
      let found = try system.crash(seed: seed).contents(of: "f")
      let isTorn = found.dropFirst(100).contains { $0 != 2 }
      switch found.count {
      case 100: nothing += 1
      case 2100 where !isTorn: everything += 1
      default: if !isTorn { part += 1 }
      }
      if isTorn { if found.last == 0 { zeros += 1 } else { garbage += 1 } }
    }
    for count in [nothing, everything, part, zeros, garbage] { #expect(count > 10) }
  }

  @Test func sameSeedSameOutcome() throws {
    let system = MemoryFileSystem()
    for name in 0..<20 {
      try system.write([UInt8](repeating: UInt8(name), count: 300), to: "\(name)", syncing: false)
    }
    func outcome(_ seed: UInt64) throws -> [[UInt8]] {
      let crashed = system.crash(seed: seed)
      return try crashed.listDirectory("/").map { try crashed.contents(of: $0) }
    }
    for seed in 0..<20 as Range<UInt64> { #expect(try outcome(seed) == outcome(seed)) }
  }

  @Test func unsyncedNamesMayVanishSyncedNamesStay() throws {
    let system = MemoryFileSystem()
    try system.createDirectory("d")
    try system.syncDirectory("/", cause: .tool)
    try system.write([1], to: "d/synced")
    try system.syncDirectory("d", cause: .tool)
    try system.write([2], to: "d/new")
    var outcomes: Set<[String]> = []
    for seed in 0..<50 as Range<UInt64> {
      outcomes.insert(try system.crash(seed: seed).listDirectory("d"))
    }
    #expect(outcomes == [["synced"], ["new", "synced"]])
  }

  /// The name that a link gives is there after a sync of its directory; the file is one as before.
  @Test(arguments: 0..<20 as Range<UInt64>) func linksSurviveWithTheirDirectory(seed: UInt64) throws
  {
    let system = MemoryFileSystem()
    try system.createDirectory("d")
    try system.write([1, 2], to: "a")
    try system.syncDirectory("/", cause: .tool)
    try system.link("a", to: "d/b")
    let early = system.crash(seed: seed)
    if try early.exists("d/b") { #expect(try early.contents(of: "d/b") == [1, 2]) }
    try system.syncDirectory("d", cause: .tool)
    try system.remove("a")
    let late = system.crash(seed: seed)
    #expect(try late.contents(of: "d/b") == [1, 2])
    guard try late.exists("a") else { return }
    try late.openForAppending("a", cause: .tool).append([3])
    #expect(try late.contents(of: "d/b") == [1, 2, 3])
  }

  /// A directory whose own name was never synced is lost with all that is in it.
  @Test func contentsOfALostDirectoryAreLost() throws {
    let system = MemoryFileSystem()
    try system.createDirectory("d")
    try system.write([1], to: "d/f")
    try system.syncDirectory("d", cause: .tool)
    var counts = (lost: 0, kept: 0)
    for seed in 0..<50 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      if try crashed.exists("d") {
        #expect(try crashed.contents(of: "d/f") == [1])
        counts.kept += 1
      } else {
        counts.lost += 1
      }
    }
    #expect(counts.lost > 0 && counts.kept > 0)
  }

  /// Changes of one directory survive in the order they were made.
  @Test func directoryChangesSurviveInOrder() throws {
    let system = MemoryFileSystem()
    for name in 0..<10 { try system.write([], to: "\(name)") }
    for seed in 0..<200 as Range<UInt64> {
      let names = try system.crash(seed: seed).listDirectory("/")
      #expect(names == (0..<names.count).map { "\($0)" })
    }
  }

  /// A file moved between directories has one of its names, never both and never none.
  @Test func renameAcrossDirectoriesIsAtomic() throws {
    let system = MemoryFileSystem()
    try system.createDirectory("a")
    try system.createDirectory("b")
    try system.write([1], to: "a/f")
    try system.syncDirectory("a", cause: .tool)
    try system.syncDirectory("/", cause: .tool)
    try system.write([], to: "b/before")
    try system.rename("a/f", to: "b/g")
    var outcomes: Set<[Bool]> = []
    for seed in 0..<200 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      let outcome = [try crashed.exists("a/f"), try crashed.exists("b/g")]
      #expect(outcome[0] != outcome[1])
      if outcome[1] { #expect(try crashed.exists("b/before")) }
      outcomes.insert(outcome)
    }
    #expect(outcomes.count == 2)

    // A sync of either directory settles both, and what came before in them.
    try system.syncDirectory("a", cause: .tool)
    for seed in 0..<50 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      #expect(try crashed.listDirectory("a") == [])
      #expect(try crashed.listDirectory("b") == ["before", "g"])
    }
  }

  /// Replacing a file by writing another and renaming it leaves the old or the new contents.
  @Test func replaceByRenameLeavesOldOrNew() throws {
    let system = MemoryFileSystem()
    let old = [UInt8](repeating: 1, count: 700)
    let new = [UInt8](repeating: 2, count: 900)
    try system.write(old, to: "current")
    try system.syncDirectory("/", cause: .tool)
    try system.write(new, to: "temporary")
    try system.rename("temporary", to: "current")
    var outcomes: Set<[UInt8]> = []
    for seed in 0..<100 as Range<UInt64> {
      outcomes.insert(try system.crash(seed: seed).contents(of: "current"))
    }
    #expect(outcomes == [old, new])
    try system.syncDirectory("/", cause: .tool)
    for seed in 0..<20 as Range<UInt64> {
      #expect(try system.crash(seed: seed).contents(of: "current") == new)
    }
  }

  @Test func unsyncedTruncationMayNotHaveHappened() throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try file.append([1, 2, 3, 4])
    try file.sync()
    try system.syncDirectory("/", cause: .tool)
    try file.truncate(to: 2)
    var outcomes: Set<[UInt8]> = []
    for seed in 0..<50 as Range<UInt64> {
      outcomes.insert(try system.crash(seed: seed).contents(of: "f"))
    }
    #expect(outcomes == [[1, 2], [1, 2, 3, 4]])
    try file.sync()
    for seed in 0..<20 as Range<UInt64> {
      #expect(try system.crash(seed: seed).contents(of: "f") == [1, 2])
    }
  }

  @Test func locksVanish() throws {
    let system = MemoryFileSystem()
    let lock = try system.lock("LOCK")
    defer { withExtendedLifetime(lock) {} }
    _ = try system.crash(seed: 1).lock("LOCK")
  }

  @Test func capacityIsEnforced() throws {
    let system = MemoryFileSystem(capacityByteCount: 10)
    try system.write([UInt8](repeating: 0, count: 6), to: "a")
    let file = try system.create("b", cause: .log)
    #expect(throws: StorageError.noSpace(operation: "write", path: "b")) {
      try file.append([UInt8](repeating: 0, count: 5))
    }
    #expect(try system.freeByteCount("b") == 4)
    try system.remove("a")
    try file.append([UInt8](repeating: 0, count: 10))
    #expect(try system.freeByteCount("b") == 0)
  }
}

import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletModel
import Testing

@testable import TabletEngine

/// Random upserts, deletions, two-phase loads, compactions, sweeps, checkpoints, restarts and reads
/// of the past against a dictionary, for every way to build a unique-key table.
@Suite struct UniqueKeyTests {
  static var shapes: [UniqueKeyModel.Shape] {
    var shapes: [UniqueKeyModel.Shape] = []
    for merge in UniqueKeyOptions.Merge.allCases {
      for index in merge == .onWrite ? UniqueKeyOptions.Index.allCases : [.hash] {
        for sequence in [false, true] {
          for strings in [false, true] {
            shapes.append(
              UniqueKeyModel.Shape(
                merge: merge, index: index, hasSequence: sequence, hasStringKey: strings,
                buckets: strings ? 2 : 1))
          }
        }
      }
    }
    for rowStore in [StoredRows.all, .columns([1, 3].map { ColumnID(rawValue: $0) })] {
      for strings in [false, true] {
        shapes.append(
          UniqueKeyModel.Shape(
            hasStringKey: strings, buckets: 2, rowStore: rowStore,
            rowStoreCompression: strings ? .lz4 : .none))
      }
    }
    for index in UniqueKeyOptions.Index.allCases {
      for sequence in [false, true] {
        for strings in [false, true] {
          shapes.append(
            UniqueKeyModel.Shape(
              index: index, hasSequence: sequence, hasStringKey: strings,
              buckets: strings ? 2 : 1, partialUpdates: .delta))
        }
        shapes.append(
          UniqueKeyModel.Shape(
            index: index, hasSequence: sequence, rowStore: .all, partialUpdates: .delta))
      }
    }
    return shapes
  }

  @Test(arguments: 0..<6 as Range<UInt64>, shapes)
  func agreesWithADictionary(seed: UInt64, shape: UniqueKeyModel.Shape) throws {
    var history = try UniqueKeyHistory(shape, seed: seed)
    for step in 0..<50 { try history.step(step) }
    try history.finish()
  }
}

extension UniqueKeyTests {
  /// A load is prepared, and what it has seen is compacted in part before its commit: the output
  /// has an older row of its key, deleted by a newer rowset that the load has seen.
  @Test(arguments: shapes)
  func whatALoadHasSeenCountsAfterACompaction(shape: UniqueKeyModel.Shape) throws {
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    try store.createTable(UniqueKeyModel.definition(shape))
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 1)
    let first = try model.makeLoad(1, &random).rows.filter { !$0.isDelete }
    for _ in 0..<3 {
      let load = try model.load(of: first)
      model.publish(load, sequence: try store.load(load.batch, into: UniqueKeyModel.table).sequence)
    }
    let load = try model.load(of: first)
    let builder = try store.beginLoad(into: UniqueKeyModel.table)
    try builder.append(load.batch)
    let prepared = try builder.prepare()
    let scheduler = CompactionScheduler(
      store: store, policy: OldestPairPolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
    model.publish(load, sequence: try store.commit(prepared).sequence)
    let table = try store.snapshot(of: UniqueKeyModel.table)
    #expect(try UniqueKeyModel.contents(of: table) == model.visible)
    #expect(StoreVerifier(store).run().problems == [])
  }
}

extension UniqueKeyTests {
  /// Of two deletions the one with the greater sequence is merged away, and a row comes that is
  /// older than the other. Whether it is there or not: after a restart it is as before, and the
  /// next row takes its place.
  @Test(arguments: shapes.filter { $0.hasSequence && $0.merge == .onWrite && !$0.hasStringKey })
  func aRowThatIsThereCountsAfterARestart(shape: UniqueKeyModel.Shape) throws {
    let files = MemoryFileSystem()
    func load(_ moment: Int, isDelete: Bool, into store: Store) throws {
      let row: UniqueKeyModel.Row = [.integer(1), .integer(Int128(moment)), .null, .integer(0)]
      let load = try UniqueKeyModel(shape).load(of: [(row, isDelete)])
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      try store.commit(builder.prepare())
    }
    func contents(_ store: Store) throws -> [UniqueKeyModel.Row] {
      try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
    }
    func before() throws -> [UniqueKeyModel.Row] {
      let store = try Store.create(
        TestStore.path, files: files, clock: ManualClock(), entropy: 7)
      try store.createTable(UniqueKeyModel.definition(shape))
      try load(12, isDelete: true, into: store)
      try load(10, isDelete: true, into: store)
      UniqueKeyHistory.compact(store, OldestLoadPolicy(), seed: 1)
      try load(2, isDelete: false, into: store)
      return try contents(store)
    }
    let expected = try before()
    let store = try TestStore.open(files)
    #expect(try contents(store) == expected)
    try load(14, isDelete: false, into: store)
    #expect(try contents(store).map { $0[1] } == [.integer(14)])
    #expect(StoreVerifier(store).run().problems == [])
  }
}

/// Merges the first load into the empty rowset that a tablet is born with, once.
private struct OldestLoadPolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(trigger: "first", layout: "any", granularity: "two", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    guard facts.inFlight.isEmpty, facts.allowedKinds.contains(.cumulative),
      let first = facts.rowsets.first, first.versions.last == .initial, facts.rowsets.count > 1
    else { return .wait(until: nil, because: "done") }
    let range = VersionRange(first.versions.first, facts.rowsets[1].versions.last)
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "first")
  }
}

extension UniqueKeyTests {
  /// A deletion has lost against one with a greater sequence, that one was merged away with all
  /// that was before it, and then a row came that is older than the first: it is there.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aRowThatIsThereCountsInAMerge(index: UniqueKeyOptions.Index) throws {
    let shape = UniqueKeyModel.Shape(index: index, hasSequence: true)
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    try store.createTable(UniqueKeyModel.definition(shape))
    let model = UniqueKeyModel(shape)
    func row(_ sequence: Int128) -> [Value] {
      [.integer(7), .integer(sequence), .string("row"), .integer(1)]
    }
    let loads = [
      [([.integer(1)] + row(1).dropFirst(), false)], [(row(5), true)], [(row(3), false)],
    ]
    for rows in loads {
      let load = try model.load(of: rows.map { (row: $0.0, isDelete: $0.1) })
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      try store.commit(builder.prepare())
    }
    // What an index does that has forgotten the deletions of a key.
    let last = try #require(store.snapshot(of: UniqueKeyModel.table).tablets[0].segments.last)
    last.deletes.replace(by: DeleteHistory())
    UniqueKeyHistory.compact(store, LastPairPolicy(), seed: 1)
    let table = try store.snapshot(of: UniqueKeyModel.table)
    #expect(table.tablets[0].rowsets.count == 3)
    let expected = [[.integer(1)] + row(1).dropFirst(), row(3)]
    #expect(try UniqueKeyModel.contents(of: table) == TestStore.sorted(expected))
  }
}

/// Merges the last two versions, once.
private struct LastPairPolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(trigger: "last", layout: "any", granularity: "two", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let last = facts.rowsets.suffix(2)
    guard facts.inFlight.isEmpty, facts.allowedKinds.contains(.cumulative), last.count == 2,
      facts.rowsets.allSatisfy({ $0.mergeDepth == 0 }), let from = last.first, let to = last.last
    else { return .wait(until: nil, because: "done") }
    let range = VersionRange(from.versions.first, to.versions.last)
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "last")
  }
}

/// Merges the first two loads, once.
private struct OldestPairPolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(trigger: "first", layout: "any", granularity: "two", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let range = VersionRange(Version(2), Version(3))
    guard facts.inFlight.isEmpty, facts.allowedKinds.contains(.cumulative),
      facts.rowsets.contains(where: { $0.versions == VersionRange(Version(2), Version(2)) })
    else { return .wait(until: nil, because: "done") }
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "first")
  }
}

extension UniqueKeyTests {
  /// What is said to be the size after a full compaction is.
  @Test(arguments: shapes) func theFullyCompactedSizeLeavesOutReplacedRows(
    shape: UniqueKeyModel.Shape
  ) throws {
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    try store.createTable(UniqueKeyModel.definition(shape))
    let model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 6)
    for number in 0..<5 {
      let load = try model.makeLoad(number, &random)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      try store.commit(builder.prepare())
    }
    let before = try store.snapshot(of: UniqueKeyModel.table)
    let said = try before.fullyCompactedByteCount(segmentRowCountMax: 1 << 20)
    UniqueKeyHistory.compact(store, WholeTabletPolicy(), seed: 1)
    let after = try store.snapshot(of: UniqueKeyModel.table)
    #expect(after.tablets.allSatisfy { $0.rowsets.count == 1 })
    #expect(said == after.tablets.reduce(0) { $0 + $1.byteCount })
    #expect(after.rowCount < before.rowCount)
  }
}

/// Merges all rowsets, the empty one that a tablet is born with included.
private struct WholeTabletPolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(trigger: "any", layout: "single run", granularity: "whole tablet", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    guard let first = facts.rowsets.first, let last = facts.rowsets.last, facts.rowsets.count > 1,
      facts.inFlight.isEmpty, facts.allowedKinds.contains(.cumulative)
    else { return .wait(until: nil, because: "one rowset") }
    let range = VersionRange(first.versions.first, last.versions.last)
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "all of it")
  }
}

/// One random history.
struct UniqueKeyHistory {
  private enum WaitingLoad {
    case whole(UniqueKeyModel.Load)
    case partial(PartialKeyLoad)
  }

  private let files = MemoryFileSystem()
  private var options: StoreOptions
  private var store: Store?
  private var model: UniqueKeyModel
  /// Loads of two phases that have not been decided.
  private var waiting: [(id: TransactionID, load: WaitingLoad)] = []
  /// Partial loads that have been completed and not committed yet.
  private var prepared: [(prepared: PreparedLoad, load: PartialKeyLoad)] = []
  private var random: SeededGenerator
  /// What a reader holds, and what it saw at first.
  private var held: (table: TableSnapshot, rows: [UniqueKeyModel.Row])?
  private let shape: UniqueKeyModel.Shape
  /// Nil merges rowsets at random.
  private let policy: (any CompactionPolicy)?
  private(set) var compactionCount = 0

  init(
    _ shape: UniqueKeyModel.Shape, seed: UInt64, policy: (any CompactionPolicy)? = nil
  ) throws {
    self.shape = shape
    self.policy = policy
    random = SeededGenerator(seed: seed)
    options = StoreOptions(
      logFileByteCountMax: 20_000, staleGraceSeconds: seed % 2 == 0 ? 0 : 1_000)
    if seed % 3 == 0 { options.inlineRowsetByteCountMax = 0 }
    if seed % 4 == 1 { options.segmentRowCountMax = 10 }
    if seed % 2 == 1 { options.rowCacheByteCountMax = 3_000 }
    options.segmentCacheByteCountMax = [512 << 20, 30_000, 12_000, 512 << 20, 0][Int(seed % 5)]
    options.keyIndexCacheByteCountMax = [.max, 0, 1, 2_000, 4_000, 0][Int(seed % 6)]
    model = UniqueKeyModel(shape)
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)),
      entropy: 7, options: options)
    try store.createTable(UniqueKeyModel.definition(shape))
    self.store = store
  }

  mutating func step(_ step: Int) throws {
    if random.next() % 12 == 0 { try reopen() } else { try change(step) }
    if random.next() % 8 == 0, let store {
      held = (try store.snapshot(of: UniqueKeyModel.table), model.visible)
    }
    try check("step \(step)")
  }

  private mutating func change(_ step: Int) throws {
    guard let store else { return }
    switch random.next() % 19 {
    case 0..<6:
      let load = try model.makeLoad(step, &random)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      model.publish(load, sequence: try store.commit(builder.prepare()).sequence)
    case 6:
      let load = try model.makeLoad(step, &random)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      let prepared = try builder.prepare()
      try store.precommit(prepared)
      waiting.append((prepared.transaction, .whole(load)))
    case 7 where !waiting.isEmpty:
      let index = Int(random.next() % UInt64(waiting.count))
      let (id, load) = waiting.remove(at: index)
      if random.next() % 4 == 0 {
        try store.abort(transaction: id)
      } else {
        let sequence = try store.commit(transaction: id).sequence
        switch load {
        case .whole(let load): model.publish(load, sequence: sequence)
        case .partial(let load): model.publish(load, sequence: sequence)
        }
      }
    case 8, 9: compact(store)
    case 10: try store.sweepStaleRowsets()
    case 11 where shape.hasDeletions: try delete(from: store)
    case 12 where shape.hasDeletions: try deleteByKey(from: store, step)
    case 13..<16:
      let load = try PartialKeyLoad(model.makeLoad(step, &random), model, &random)
      guard shape.merge == .onWrite else { return try replace(load, in: store) }
      model.publish(load, sequence: try store.commit(load.prepare(in: store)).sequence)
    case 16 where shape.merge == .onWrite:
      let load = try PartialKeyLoad(model.makeLoad(step, &random), model, &random)
      let prepared = try load.prepare(in: store)
      try store.precommit(prepared)
      #expect(try store.precommit(prepared).isRepeated)
      waiting.append((prepared.transaction, .partial(load)))
    case 17 where shape.merge == .onWrite:
      let load = try PartialKeyLoad(model.makeLoad(step, &random), model, &random)
      prepared.append((try load.prepare(in: store), load))
    case 18 where !prepared.isEmpty:
      let index = Int(random.next() % UInt64(prepared.count))
      let (waiting, load) = prepared.remove(at: index)
      model.publish(load, sequence: try store.commit(waiting).sequence)
    default: try store.checkpoint()
    }
  }

  /// What a partial load comes to, as whole rows: for tables that merge on read.
  private mutating func replace(_ partial: PartialKeyLoad, in store: Store) throws {
    var after = model
    after.publish(partial, sequence: 0)
    let keys = Set(partial.rows.map { Array($0.row.prefix(model.keyCount)) })
    let load = try model.load(of: after.wholeRows(of: keys))
    let builder = try store.beginLoad(into: UniqueKeyModel.table)
    try builder.append(load.batch, deleteSigns: load.deleteSigns)
    model.publish(load, sequence: try store.commit(builder.prepare()).sequence)
  }

  private mutating func delete(from store: Store) throws {
    let condition = KeyCondition(model, &random)
    let receipt = try store.delete(from: UniqueKeyModel.table, where: "\(condition)")
    let count = model.delete(where: condition, sequence: receipt.sequence)
    #expect(receipt.rowCount == count, "\(shape), \(condition)")
  }

  /// A load of nothing but deletions, which has the columns that these need.
  private mutating func deleteByKey(from store: Store, _ step: Int) throws {
    let load = try model.makeLoad(step, &random)
    let deletion = try model.load(of: load.rows.map { ($0.row, true) })
    let columns = try UniqueKeyModel.definition(shape).deletionColumns()
    let builder = try store.beginLoad(into: UniqueKeyModel.table)
    try builder.appendDeletions(
      ColumnBatch(
        schema: try Schema(columns: columns, sortKeyCount: 1), rowCount: load.batch.rowCount,
        columns: columns.map { load.batch.columns[load.batch.schema.index(of: $0.id) ?? 0] }))
    model.publish(deletion, sequence: try store.commit(builder.prepare()).sequence)
  }

  /// Everything holds, also after another restart.
  mutating func finish() throws {
    if let store { #expect(StoreVerifier(store).run().problems == []) }
    try reopen()
    try check("at the end")
    guard let store else { return }
    #expect(StoreVerifier(store).run().problems == [])
  }

  private mutating func reopen() throws {
    prepared.removeAll()
    store = nil
    held = nil
    store = try TestStore.open(files, options: options)
  }

  private mutating func compact(_ store: Store) {
    let seed = random.next()
    if let policy {
      compactionCount += Self.compact(store, policy, seed: seed)
      return
    }
    Self.compact(
      store, RandomRangePolicy(seed: seed, includesBase: !shape.hasSequence), seed: random.next())
  }

  /// - Returns: how many compactions there were.
  @discardableResult
  static func compact(_ store: Store, _ policy: any CompactionPolicy, seed: UInt64) -> Int {
    let executor = SimulatedExecutor(seed: seed)
    let count = Mutex(0)
    let scheduler = CompactionScheduler(
      store: store, policy: policy,
      lanes: [
        CompactionLane(kinds: [.cumulative], slotCount: 2, executor: executor),
        CompactionLane(kinds: [.base, .full], slotCount: 1, executor: executor),
      ], onEvent: { _ in count.withLock { $0 += 1 } }, onRefusal: { Issue.record("\($0)") })
    scheduler.start()
    executor.runAll()
    scheduler.stop(cancelRunning: false)
    return count.withLock { $0 }
  }

  private func check(_ place: String) throws {
    guard let store else { return }
    let table = try store.snapshot(of: UniqueKeyModel.table)
    let found = try UniqueKeyModel.contents(of: table)
    #expect(found == model.visible, "\(shape), \(place)")
    var random = random
    if random.next() % 4 == 0 { try expectQueries(of: table, place, &random) }
    if let held {
      #expect(try UniqueKeyModel.contents(of: held.table) == held.rows, "\(shape), \(place), held")
    }
    if let held {
      try model.expectLookups(in: held.table, held.rows, "\(place), held", &random)
    }
    try model.expectLookups(in: table, model.visible, place, &random)
    for (sequence, expected) in model.history {
      guard let old = table.asOf(sequence: sequence) else { continue }
      let found = try UniqueKeyModel.contents(of: old)
      #expect(found == expected, "\(shape), \(place), as of \(sequence)")
      if random.next() % 16 == 0 {
        try model.expectLookups(in: old, expected, "\(place), as of \(sequence)", &random)
      }
    }
  }
}

extension UniqueKeyHistory {
  /// What queries find is what there is, also where zone maps and indexes know better.
  fileprivate func expectQueries(
    of table: TableSnapshot, _ place: String, _ random: inout SeededGenerator
  ) throws {
    let keyCount = model.keyCount
    let amount = Int(random.next() % 1000)
    let some =
      model.visible.isEmpty
      ? nil : model.visible[Int(random.next() % UInt64(model.visible.count))]
    let filters: [(Predicate, (UniqueKeyModel.Row) -> Bool)] = [
      (
        Field("amount") < .integer(Int128(amount)),
        { row in
          row[keyCount + 2].precedes(.integer(Int128(amount)))
        }
      ),
      (Field("state").isNull, { $0[keyCount + 1].isNull }),
      (Field("moment") == 3, { $0[keyCount] == .integer(3) }),
    ]
    for (filter, isSelected) in filters {
      let found = try Query.selectingAll().filtered(by: filter).run(on: table).result.rows
      #expect(
        TestStore.sorted(found) == model.visible.filter(isSelected),
        "\(shape), \(place), \(filter)")
    }
    guard case .string(let state)? = some?[keyCount + 1] else { return }
    let found = try Query.selectingAll().filtered(by: Field("state").matches(.phrase, state))
      .run(on: table).result.rows
    #expect(found.contains { $0 == some }, "\(shape), \(place), \(state)")
  }
}

/// Merges a random range of neighbours of a unique-key tablet, once.
struct RandomRangePolicy: CompactionPolicy {
  let seed: UInt64
  /// Whether the oldest rowset may be among them. What a deletion has to say about rows that come
  /// later with smaller sequence values is forgotten then.
  var includesBase = true

  var designPoint: DesignPoint {
    DesignPoint(trigger: "chance", layout: "any", granularity: "any", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    var random = SeededGenerator(seed: seed)
    let count = facts.rowsets.count
    let least = includesBase ? 0 : 1
    guard facts.keysModel == .unique, count > least + 1, facts.inFlight.isEmpty,
      facts.allowedKinds.contains(.cumulative),
      facts.rowsets.allSatisfy({ $0.mergeDepth < 3 })
    else { return .wait(until: nil, because: "enough") }
    let first = least + Int(random.next() % UInt64(count - least - 1))
    let last = first + 1 + Int(random.next() % UInt64(count - first - 1))
    let range = VersionRange(
      facts.rowsets[first].versions.first, facts.rowsets[last].versions.last)
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "chance")
  }
}

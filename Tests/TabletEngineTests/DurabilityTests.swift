import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// What acknowledgements promise, by table.
@Suite struct DurabilityTests {
  private func create(_ files: MemoryFileSystem, _ durability: Durability) throws -> (
    store: Store, clock: ManualClock
  ) {
    let clock = ManualClock()
    let store = try Store.create(TestStore.path, files: files, clock: clock, entropy: 7)
    try store.createTable(
      TableDefinition(
        name: TestStore.tableName, schema: TestStore.schema(), bucketCount: 2,
        durability: durability))
    try store.createTable(TableDefinition(name: "careful", schema: TestStore.schema()))
    _ = try store.begin()
    return (store, clock)
  }

  private func rows(_ load: Int) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: 5, random: &random)
  }

  /// How many of `count` loads are there after each of many crashes: always the first ones.
  private func survivors(_ files: MemoryFileSystem, of count: Int) throws -> Set<Int> {
    var found = Set<Int>()
    for seed in 0..<60 {
      let store = try TestStore.open(files.crash(seed: UInt64(seed)))
      let rows = try TestStore.contents(of: store)
      #expect(rows.count % 5 == 0)
      #expect(rows == TestStore.sorted((0..<rows.count / 5).flatMap { self.rows($0) }))
      #expect(StoreVerifier(store).run().problems == [])
      found.insert(rows.count / 5)
    }
    return found
  }

  private func load(_ store: Store, _ loads: Range<Int>) throws -> [CommitReceipt] {
    try loads.map { try store.load(TestStore.batch(rows($0)), into: TestStore.tableName) }
  }

  @Test func syncIsOnDisk() throws {
    let files = MemoryFileSystem()
    let (store, _) = try create(files, .sync)
    #expect(try load(store, 0..<4).allSatisfy { $0.durability == .onDisk })
    #expect(try survivors(files, of: 4) == [4])
    #expect(try store.maintain() == nil)
  }

  /// A log file was begun, and the first frame was cut off it when the disk failed, which is not on
  /// disk. The next process goes on in the file before; a power failure must not make it look as if
  /// the other one had been written on.
  @Test func aLogFileThatWasNeverUsedStaysEmpty() throws {
    let disk = MemoryFileSystem()
    let faulty = FaultyFileSystem(disk)
    func fail(_ faults: (FaultPlan.Fault, FileOperation, String)...) {
      faulty.replacePlan(
        FaultPlan(
          rules: faults.map {
            FaultPlan.Rule($0.0, .every(1), operations: [$0.1], pathPart: $0.2)
          }))
    }
    func failOnce() throws {
      let store = try Store.create(
        TestStore.path, files: faulty, clock: ManualClock(), entropy: 7)
      try store.createTable(
        TableDefinition(
          name: TestStore.tableName, schema: TestStore.schema(), bucketCount: 2,
          durability: .none))
      _ = try load(store, 0..<2)
      fail((.error(code: 5), .create, "/checkpoint/"))
      #expect(throws: StorageError.self) { try store.checkpoint() }
      fail((.tornWrite(code: 5), .append, "/log/"), (.error(code: 5), .sync, "/log/"))
      #expect(throws: StorageError.self) { _ = try load(store, 2..<3) }
      faulty.replacePlan(.dying(atOperation: 0))
    }
    try failOnce()
    let store = try TestStore.open(disk)
    _ = try load(store, 2..<4)
    #expect(try survivors(disk, of: 4).isSuperset(of: [2, 4]))
  }

  /// Within the time a crash takes a suffix; when `maintain` was called in time, nothing.
  @Test func groupIsOnDiskInTime() throws {
    let files = MemoryFileSystem()
    let (store, clock) = try create(files, .group(milliseconds: 20))
    let before = files.counters.total.syncs
    let receipts = try load(store, 0..<4)
    #expect(receipts.allSatisfy { $0.durability == .within(milliseconds: 20) })
    #expect(files.counters.total.syncs == before)
    #expect(try TestStore.contents(of: store).count == 20)
    #expect(try survivors(files, of: 4) == [0, 1, 2, 3, 4])
    #expect(try store.maintain() == Timestamp(rawValue: 20_000))
    clock.advance(bySeconds: 0.02)
    try store.maintain()
    #expect(files.counters.total.syncs == before + 1)
    #expect(try survivors(files, of: 4) == [4])
  }

  /// A load of a careful table, a merge, a checkpoint or a pre-commit takes all before it along.
  @Test(arguments: 0..<3) func whatIsSyncedTakesTheRestAlong(how: Int) throws {
    let files = MemoryFileSystem()
    let (store, _) = try create(files, .none)
    #expect(try load(store, 0..<3).allSatisfy { $0.durability == .handedToSystem })
    #expect(try survivors(files, of: 3).count > 1)
    switch how {
    case 0:
      #expect(
        try store.load(TestStore.batch(rows(9)), into: "careful").durability == .onDisk)
    case 1: try store.checkpoint()
    default: try store.begin(label: "p").precommit()
    }
    #expect(try survivors(files, of: 3) == [3])
  }

  /// The end of the process takes nothing, and the definition is remembered.
  @Test func aCloseTakesNothing() throws {
    let files = MemoryFileSystem()
    do { _ = try load(create(files, .none).store, 0..<3) }
    #expect(try survivors(files, of: 3) == [3])
    do {
      let store = try TestStore.open(files)
      #expect(try store.snapshot(of: TestStore.tableName).definition.durability == .none)
      try store.checkpoint()
    }
    let store = try TestStore.open(files)
    #expect(try store.snapshot(of: TestStore.tableName).definition.durability == .none)
  }

  @Test func textForms() throws {
    for durability in [Durability.sync, .none, .group(milliseconds: 7)] {
      #expect(Durability(durability.description) == durability)
    }
    for text in ["", "group", "group:", "group:0", "group:x", "group:60001", "SYNC"] {
      #expect(Durability(text) == nil)
    }
    #expect(throws: StorageError.self) {
      _ = try TableDefinition(
        name: "t", schema: TestStore.schema(), durability: .group(milliseconds: 0))
    }
  }
}

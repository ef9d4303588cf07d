import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Partial loads of two phases: what they wait for, what becomes of them, and what is left of them.
@Suite struct PendingPartialTests {
  private typealias Fixture = PartialUpdateTests

  private static let path = TestStore.path

  private func create(
    _ files: MemoryFileSystem, _ strategy: PartialUpdate.Strategy, inline: Int = 1 << 16
  ) throws -> Store {
    let store = try Fixture.create(
      .hash, files: files, options: StoreOptions(inlineRowsetByteCountMax: inline))
    try Fixture.load(
      (0..<4).map { [.integer($0), .integer(1), .string("x"), .integer(2)] }, into: store)
    return store
  }

  /// A store that is closed and opened again.
  private final class Process {
    private let disk: MemoryFileSystem
    private var opened: Store?

    init(_ store: Store, on disk: MemoryFileSystem) {
      opened = store
      self.disk = disk
    }

    var store: Store {
      guard let opened else { preconditionFailure("a process that did not start") }
      return opened
    }

    func restart() throws {
      opened = nil
      opened = try Store.open(
        PendingPartialTests.path, files: disk, clock: ManualClock(Timestamp(rawValue: 2_000_000)))
    }
  }

  private func prepared(
    _ rows: [[Value]], _ strategy: PartialUpdate.Strategy, columns: [String] = ["id", "c"],
    onNewKey newKeys: PartialUpdate.NewKeys = .insertDefaults, label: String = "", in store: Store
  ) throws -> PreparedLoad {
    let builder = try store.beginPartialLoad(
      into: Fixture.name, updating: columns, onNewKey: newKeys, strategy: strategy, label: label)
    try builder.append(Fixture.batch(columns, rows, in: store))
    return try builder.prepare()
  }

  private func files(_ disk: MemoryFileSystem) throws -> [String] {
    let data = Self.path + "/data"
    return try disk.listDirectory(data).flatMap { directory in
      try disk.listDirectory(data + "/" + directory).map { directory + "/" + $0 }
    }.sorted()
  }

  @Test(arguments: PartialUpdate.Strategy.allCases, [0, 1 << 16])
  func whatIsMissingComesFromTheRowsOfTheDecision(
    strategy: PartialUpdate.Strategy, inline: Int
  ) throws {
    let disk = MemoryFileSystem()
    let process = Process(try create(disk, strategy, inline: inline), on: disk)
    let load = try prepared(
      [[.integer(1), .integer(7)], [.integer(9), .integer(8)]], strategy, label: "late",
      in: process.store)
    let before = try Fixture.contents(of: process.store)
    let receipt = try process.store.precommit(load)
    #expect(receipt.rowCount == 2 && receipt.durability == .onDisk && !receipt.isRepeated)
    let written = try files(disk)
    #expect(try process.store.precommit(load).isRepeated)
    #expect(try files(disk) == written, "a repetition leaves nothing")
    #expect(try Fixture.contents(of: process.store) == before)
    // Others change the row and bring the key that was new.
    try Fixture.load(
      [
        [.integer(1), .integer(5), .string("newer"), .integer(6)],
        [.integer(9), .integer(3), .string("there"), .integer(1)],
      ], into: process.store)
    try process.store.checkpoint()
    try process.restart()
    #expect(StoreVerifier(process.store).run().problems.isEmpty)
    let decided = try process.store.commit(label: "late")
    #expect(decided.sequence > 0 && !decided.isRepeated && decided.durability == .onDisk)
    var expected = before
    expected[1] = [.integer(1), .integer(5), .string("newer"), .integer(7)]
    expected.append([.integer(9), .integer(3), .string("there"), .integer(8)])
    #expect(try Fixture.contents(of: process.store) == expected)
    #expect(try process.store.commit(label: "late").isRepeated)
    #expect(throws: TransactionError.self) { try process.store.abort(label: "late") }
    for _ in 0..<2 {
      try process.restart()
      #expect(try Fixture.contents(of: process.store) == expected)
      #expect(process.store.transaction(label: "late")?.state == .visible)
      #expect(process.store.transaction(label: "late")?.isTwoPhase == true)
      #expect(StoreVerifier(process.store).run().problems.isEmpty)
      try process.store.checkpoint()
    }
  }

  @Test(arguments: [0, 1 << 16]) func anAbortLeavesNothing(inline: Int) throws {
    let disk = MemoryFileSystem()
    let process = Process(try create(disk, .rewrite, inline: inline), on: disk)
    let before = try files(disk)
    let rows = try Fixture.contents(of: process.store)
    let load = try prepared([[.integer(1), .integer(7)]], .rewrite, in: process.store)
    try process.store.precommit(load)
    if inline == 0 { #expect(try files(disk).count == before.count + 1) }
    try process.restart()
    try process.store.abort(transaction: load.transaction)
    #expect(try files(disk) == before)
    #expect(throws: TransactionError.self) {
      try process.store.commit(transaction: load.transaction)
    }
    try process.restart()
    #expect(try Fixture.contents(of: process.store) == rows)
    #expect(process.store.transaction(load.transaction)?.state == .aborted)
  }

  /// What cannot be decided goes on waiting, and no file of the attempt stays.
  @Test func aDecisionThatIsRefusedCanBeRepeated() throws {
    let disk = MemoryFileSystem()
    let store = try create(disk, .rewrite, inline: 0)
    let load = try prepared(
      [[.integer(2), .integer(7)], [.integer(3), .integer(7)]], .rewrite, onNewKey: .refuse,
      in: store)
    try store.precommit(load)
    let deletion = try store.beginLoad(into: Fixture.name)
    try deletion.appendDeletions(Fixture.batch(["id"], [[.integer(3)]], in: store))
    try store.commit(deletion.prepare())
    let written = try files(disk)
    for _ in 0..<2 {
      do {
        try store.commit(transaction: load.transaction)
        Issue.record("a new key was taken")
      } catch { #expect("\(error)".contains("new keys are refused")) }
      #expect(store.transaction(load.transaction)?.state == .precommitted)
      #expect(try files(disk) == written)
    }
    try Fixture.load([[.integer(3), .integer(0), .null, .integer(0)]], into: store)
    // By the load itself, as after a decision that was not heard of.
    try store.commit(load)
    #expect(
      try Fixture.contents(of: store).suffix(2) == [
        [.integer(2), .integer(1), .string("x"), .integer(7)],
        [.integer(3), .integer(0), .null, .integer(7)],
      ])
  }

  /// Columns that are dropped, renamed and added between the phases.
  @Test(arguments: PartialUpdate.Strategy.allCases)
  func theSchemaOfTheDecisionCounts(strategy: PartialUpdate.Strategy) throws {
    let disk = MemoryFileSystem()
    let process = Process(try create(disk, strategy), on: disk)
    let load = try prepared(
      [[.integer(1), .integer(4), .string("given"), .integer(7)]], strategy,
      columns: ["id", "a", "b", "c"], in: process.store)
    try process.store.precommit(load)
    try process.store.alter(
      table: Fixture.name,
      [
        .dropColumn("b"), .renameColumn("c", to: "d"), .widenColumn("a", to: .int64),
        .addColumn(name: "e", type: .int32, isNullable: false, defaultValue: .integer(3)),
      ])
    try process.restart()
    try process.store.commit(transaction: load.transaction)
    #expect(
      try Fixture.contents(of: process.store)[1] == [
        .integer(1), .integer(4), .integer(7), .integer(3),
      ])
  }

  /// In a copy what waits can be decided as well.
  @Test func aBackupHasWhatWaits() throws {
    let disk = MemoryFileSystem()
    let store = try create(disk, .delta, inline: 0)
    let builder = try store.beginFlexibleLoad(into: Fixture.name, label: "waits")
    let signs = Bitmap(count: 3)
    signs.set(2)
    let given = Bitmap(count: 3)
    given.set(0)
    try builder.append(
      Fixture.batch(
        ["id", "a", "b", "c"],
        [
          [.integer(0), .integer(4), .null, .integer(7)],
          [.integer(1), .integer(5), .string("y"), .integer(8)],
          [.integer(2), .integer(6), .null, .integer(9)],
        ], in: store), given: [nil, given, Bitmap(count: 3), nil], deleteSigns: signs)
    try store.precommit(builder.prepare())
    _ = try store.backup(to: "/copy", mode: .copy)
    let copy = try Store.open(
      "/copy", files: disk, clock: ManualClock(Timestamp(rawValue: 2_000_000)))
    try copy.commit(label: "waits")
    #expect(
      try Fixture.contents(of: copy) == [
        [.integer(0), .integer(4), .string("x"), .integer(7)],
        [.integer(1), .integer(1), .string("x"), .integer(8)],
        [.integer(3), .integer(1), .string("x"), .integer(2)],
      ])
    #expect(try Fixture.contents(of: store).count == 4)
  }
}

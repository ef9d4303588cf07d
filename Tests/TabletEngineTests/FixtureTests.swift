import Foundation
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Stores written by earlier programs stay readable. With SEDIMENT_WRITE_FIXTURES=1 in the
/// environment those that are missing are written, into the source tree; others never change.
@Suite struct FixtureTests {
  /// Inline rowsets, files, a compaction, stale rowsets, a checkpoint and a log after it.
  private func fill(_ store: Store, _ definition: TableDefinition) throws {
    try store.createTable(definition)
    for row in 0..<8 {
      try store.load(TestStore.batch(rows(of: row)), into: TestStore.tableName)
      if row == 5 {
        let scheduler = CompactionScheduler(
          store: store, policy: EagerPolicy(),
          lanes: [
            CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())
          ])
        scheduler.start()
        scheduler.stop(cancelRunning: false)
        try store.checkpoint()
      }
    }
  }

  private func rows(of load: Int) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: 20, random: &random)
  }

  @Test func storesOfVersionOneAreReadable() throws {
    try check("store-v1", try TestStore.definition(buckets: 2))
  }

  /// With a pruning section in the log and the checkpoint, and indexes in all segments.
  @Test func storesWithIndexesAreReadable() throws {
    let table = try check("store-v1-indexes", try TestStore.indexedDefinition(buckets: 2))
    #expect(table.definition == (try TestStore.indexedDefinition(buckets: 2)))
    for segment in table.tablets.flatMap(\.segments) {
      #expect(try segment.reader().hasInvertedIndexes)
    }
  }

  /// Log format 2 and checkpoint format 3: labels, loads that wait for a decision, rows of group
  /// loads, table properties, each before the checkpoint and after it.
  @Test func storesWithTransactionsAreReadable() throws {
    try check("store-v2", try definitionWithDurability()) { store in
      let states = store.allTransactions().map { "\($0.label) \($0.state)" }
      #expect(
        states == [
          "waits 0 precommitted", "waits 1 precommitted", "commits 0 visible",
          "aborts 0 aborted", "commits 1 visible", "aborts 1 aborted", "last visible",
        ])
      #expect(
        try store.snapshot(of: TestStore.tableName).definition == definitionWithDurability())
      // What waits can be decided.
      try store.commit(label: "waits 0")
      try store.abort(label: "waits 1")
      try store.flushGroupLoads()
      let added = try TestStore.contents(of: store).count { self.load(of: $0) >= 100 }
      #expect(added == 2 * 20 + 2 * 20 + 20)
    }
  }

  /// Checkpoint format 4: states before the checkpoint can be asked for.
  @Test func storesWithHistoryAreReadable() throws {
    let table = try check("store-history", try TestStore.definition(buckets: 2))
    for sequence in 0...8 {
      let old = try #require(table.asOf(sequence: UInt64(sequence)), "\(sequence)")
      let found = try TestStore.rows(of: old.tablets.flatMap(\.segments))
      let expected = (0..<sequence).flatMap { rows(of: $0) }
      #expect(TestStore.sorted(found) == TestStore.sorted(expected))
    }
    // Earlier formats know the state of the checkpoint and what came after it.
    let older = try check("store-v1", try TestStore.definition(buckets: 2))
    #expect(older.heldSequences.map(\.lowerBound) == [6])
    #expect(older.asOf(sequence: 7)?.rowCount == 140 && older.asOf(sequence: 5) == nil)
  }

  private func definitionWithDurability() throws -> TableDefinition {
    try TableDefinition(
      name: TestStore.tableName, schema: TestStore.schema(), bucketCount: 2,
      durability: .group(milliseconds: 250))
  }

  private func load(of row: TestStore.Row) -> Int {
    guard case .string(let note) = row[4] else { return -1 }
    return note.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
  }

  private func addTransactions(_ store: Store) throws {
    for round in 0..<2 {
      for (index, name) in ["commits", "aborts", "waits"].enumerated() {
        let transaction = try store.begin(label: "\(name) \(round)")
        try transaction.builder(for: TestStore.tableName)
          .append(TestStore.batch(rows(of: 100 + round * 10 + index)))
        try transaction.precommit()
      }
      try store.commit(label: "commits \(round)")
      try store.abort(label: "aborts \(round)")
      _ = try store.groupLoad(
        TestStore.batch(rows(of: 200 + round)), into: TestStore.tableName, mode: .async)
      if round == 0 { try store.checkpoint() }
    }
    try store.begin(label: "last").commit()
  }

  @discardableResult
  private func check(
    _ name: String, _ definition: TableDefinition, then more: ((Store) throws -> Void)? = nil
  ) throws -> TableSnapshot {
    let sourceFolder =
      URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + name
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1",
      !FileManager.default.fileExists(atPath: sourceFolder)
    {
      let store = try Store.create(
        sourceFolder, files: PosixFileSystem(),
        clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7)
      try fill(store, definition)
      if more != nil { try addTransactions(store) }
    }
    let copy = NSTemporaryDirectory() + "sediment-fixture-\(name)-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try? FileManager.default.removeItem(atPath: copy)
    try FileManager.default.copyItem(atPath: sourceFolder, toPath: copy)
    let store = try Store.open(
      copy, files: PosixFileSystem(), clock: ManualClock(Timestamp(rawValue: 2_000_000)))
    #expect(StoreVerifier(store).run().problems == [])
    #expect(store.recovery.orphansRemoved == [])
    let expected = (0..<8).flatMap { rows(of: $0) }
    let found = try TestStore.contents(of: store).filter { load(of: $0) < 100 }
    #expect(found == TestStore.sorted(expected))
    try more?(store)
    let table = try store.snapshot(of: TestStore.tableName)
    #expect(
      table.tablets.contains { tablet in tablet.rowsets.contains { $0.summary.mergeDepth > 0 } })
    #expect(table.tablets.contains { tablet in tablet.segments.contains { $0.isInline } })
    return table
  }
}

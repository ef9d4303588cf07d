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

  @discardableResult
  private func check(_ name: String, _ definition: TableDefinition) throws -> TableSnapshot {
    let sourceFolder =
      URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + name
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1",
      !FileManager.default.fileExists(atPath: sourceFolder)
    {
      let store = try Store.create(
        sourceFolder, files: PosixFileSystem(),
        clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7)
      try fill(store, definition)
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
    #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
    let table = try store.snapshot(of: TestStore.tableName)
    #expect(
      table.tablets.contains { tablet in tablet.rowsets.contains { $0.summary.mergeDepth > 0 } })
    #expect(table.tablets.contains { tablet in tablet.segments.contains { $0.isInline } })
    return table
  }
}

import Foundation
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Stores written by earlier programs stay readable. With SEDIMENT_WRITE_FIXTURES=1 in the
/// environment the store of the current format is written anew, into the source tree.
@Suite struct FixtureTests {
  private static let name = "store-v1"

  /// Inline rowsets, files, a compaction, stale rowsets, a checkpoint and a log after it.
  private func fill(_ store: Store) throws {
    try store.createTable(TestStore.definition(buckets: 2))
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

  private var sourceFolder: String {
    URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + Self.name
  }

  @Test func storesOfVersionOneAreReadable() throws {
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
      try? FileManager.default.removeItem(atPath: sourceFolder)
      let store = try Store.create(
        sourceFolder, files: PosixFileSystem(),
        clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7)
      try fill(store)
    }
    let copy = NSTemporaryDirectory() + "sediment-fixture-\(getpid())"
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
  }
}

import Foundation
import StorageBase
import StorageIO
import TabletEngine
import Testing

@testable import StreamDriver

/// What is written is read again, and nothing else.
struct CheckpointTests {
  private static let sample = PipelineCheckpoint(
    number: 7, takenAt: Timestamp(rawValue: 1_790_000_000_000_000), pipeline: 0xFEED,
    watermark: Timestamp(rawValue: -5),
    counts: PipelineCounts(readRows: 1000, writtenRows: 900, rejectedRows: 100),
    partitions: [
      "orders-1.csv": SourcePosition(offset: 4096, rowCount: 77, digest: 42),
      "orders-2.csv": .start,
    ],
    pending: [
      PendingLoad(label: "shop_0_7", transaction: TransactionID(rawValue: 12)),
      PendingLoad(label: "shop_windows_7", transaction: TransactionID(rawValue: 13)),
    ],
    operators: ["revenue": [1, 2, 3], "sessions": []], sideOutputs: ["rejected-0.jsonl": 321])

  /// The bytes of a fixture. With SEDIMENT_WRITE_FIXTURES=1 in the environment it is written if it
  /// is missing.
  private func fixture(_ name: String, of checkpoint: PipelineCheckpoint) throws -> [UInt8] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/\(name)")
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1",
      !FileManager.default.fileExists(atPath: file.path)
    {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(checkpoint.encoded()).write(to: file)
    }
    return [UInt8](try Data(contentsOf: file))
  }

  @Test func checkpointsOfVersionOneAreReadable() throws {
    let bytes = try fixture("checkpoint-v1", of: Self.sample)
    #expect(try PipelineCheckpoint(decoding: bytes, path: "checkpoint-v1") == Self.sample)
    #expect(Self.sample.encoded() == bytes)
  }

  /// Two partitions that have met other changes, one of which the tables may still have to get.
  private static var changes: SchemaHistory {
    let added: SchemaChange = .addColumn(
      name: "city", type: .string, isNullable: false, defaultValue: .string("?"), after: "id")
    let price: SchemaChange = .addColumn(
      name: "price", type: .decimal(precision: 12, scale: 2), defaultValue: .integer(-5))
    var history = SchemaHistory()
    history.entries = [
      SchemaHistory.Entry(
        id: "41",
        changes: [
          SchemaHistory.Change(change: added, name: "city"),
          SchemaHistory.Change(change: price, name: "price_2"),
        ],
        alterations: [SchemaHistory.Alteration(table: "orders", version: 3, changes: [added])]),
      SchemaHistory.Entry(
        id: nil,
        changes: [
          .renameColumn("amount", to: "total"), .widenColumn("total", to: .int64),
          .makeNullable("total"), .dropColumn("price"),
        ].map { SchemaHistory.Change(change: $0, name: nil) },
        alterations: [
          SchemaHistory.Alteration(
            table: "orders", version: 4, changes: [.renameColumn("amount", to: "total")])
        ]),
    ]
    history.appliedCount = 1
    history.views = ["orders-0": [1, 2], "orders-1": [1], "orders-2": []]
    history.bindings = [
      "orders": ["id": ColumnID(rawValue: 1), "amount": ColumnID(rawValue: 2)]
    ]
    return history
  }

  /// A directory as a process has left it, with changes of columns among the states.
  @Test func stateDirectoriesWithChangesOfColumnsAreReadable() throws {
    var checkpoint = Self.sample
    checkpoint.number = 12
    checkpoint.operators[SchemaHistory.stateName] = Self.changes.encoded()
    let name = "checkpoint-00000000000000000012"
    let bytes = try fixture("state-with-changes/\(name)", of: checkpoint)
    let files = MemoryFileSystem()
    try files.createDirectory("/state")
    try files.create("/state/\(name)", cause: .tool).append(bytes)
    let found = try #require(try CheckpointDirectory("/state", files: files).newest())
    #expect(found == checkpoint)
    #expect(found.encoded() == bytes)
    let state = try #require(found.operators[SchemaHistory.stateName])
    let history = try SchemaHistory(decoding: state)
    #expect(history == Self.changes)
    let first = RowColumns(
      try Schema(
        [("id", .int64, false), ("amount", .int32, false), ("note", .string, true)],
        sortKeyCount: 1))
    let columns = try history.partitions.map { partition in
      try history.columns(of: partition, from: first).columns.map { "\($0.name) \($0.type)" }
    }
    #expect(
      columns == [
        ["id int64", "amount int64", "note string", "city string"],
        ["id int64", "amount int32", "note string", "city string", "price_2 decimal(12,2)"],
        ["id int64", "amount int32", "note string"],
      ])
  }

  @Test func damageIsNoticed() throws {
    let bytes = Self.sample.encoded()
    for count in 0..<bytes.count {
      #expect(throws: StorageError.self) {
        try PipelineCheckpoint(decoding: Array(bytes[..<count]), path: "c")
      }
    }
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      // Bits of the reserved field are under the checksum as well.
      #expect(throws: StorageError.self) {
        try PipelineCheckpoint(decoding: damaged, path: "c")
      }
    }
  }

  /// Bytes with a good checksum that no program of ours has written.
  @Test func hostileBytesAreRefused() {
    var random = SeededGenerator(seed: 3)
    let bytes = Self.sample.encoded()
    for _ in 0..<3000 {
      var damaged = Array(bytes.dropLast(4))
      for _ in 0...random.next() % 3 {
        damaged[16 + Int(random.next() % UInt64(damaged.count - 16))] = UInt8(
          truncatingIfNeeded: random.next() % 5 == 0 ? 0xFF : random.next())
      }
      if random.next() % 2 == 0 { damaged.removeLast(Int(random.next() % 20)) }
      var writer = ByteWriter()
      writer.append(contentsOf: damaged)
      writer.appendChecksum()
      do {
        let read = try PipelineCheckpoint(decoding: writer.bytes, path: "c")
        // What is understood is what is written for it.
        #expect(try PipelineCheckpoint(decoding: read.encoded(), path: "c") == read)
      } catch {
        #expect(error is StorageError)
      }
    }
  }

  @Test func theNewestCounts() throws {
    let files = MemoryFileSystem()
    let directory = try CheckpointDirectory("/state", files: files)
    #expect(try directory.newest() == nil)
    for number in 1...6 {
      var checkpoint = Self.sample
      checkpoint.number = UInt64(number)
      try directory.write(checkpoint)
      try directory.removeOld()
      #expect(try directory.newest() == checkpoint)
    }
    let kept = try files.listDirectory("/state").filter { $0.hasPrefix("checkpoint") }
    #expect(kept.count == 3)
  }

  @Test func anUnreadableOneIsNotReplacedByAnOlderOne() throws {
    let files = MemoryFileSystem()
    let directory = try CheckpointDirectory("/state", files: files)
    for number in 1...2 {
      var checkpoint = Self.sample
      checkpoint.number = UInt64(number)
      try directory.write(checkpoint)
    }
    let path = "/state/checkpoint-00000000000000000002"
    try files.create(path, cause: .tool).append([1, 2, 3])
    #expect {
      try directory.newest()
    } throws: { error in
      guard case .damaged(path, _, let remedy)? = error as? StorageError else { return false }
      return remedy.contains("older checkpoints would repeat rows")
    }
  }

  @Test func twoRunsDoNotShareADirectory() throws {
    let files = MemoryFileSystem()
    let first = try CheckpointDirectory("/state", files: files)
    #expect(throws: StorageError.self) { try CheckpointDirectory("/state", files: files) }
    withExtendedLifetime(first) {}
  }

  @Test func labelsAreRecognised() {
    for label in [
      LoadLabel(prefix: "shop_eu", writer: 3, checkpoint: 12),
      LoadLabel(prefix: "shop_eu", writer: LoadLabel.windows, checkpoint: 1),
    ] {
      #expect(LoadLabel(label.description, prefix: "shop_eu") == label)
      #expect(LoadLabel(label.description, prefix: "shop") == nil)
      #expect(LoadLabel(label.description, prefix: "shop_eu_3") == nil)
    }
    for text in ["", "shop", "shop_", "shop_1", "shop_1_", "shop_1_x", "shop_01_2", "shop__1_2"] {
      #expect(LoadLabel(text, prefix: "shop") == nil)
    }
  }

  @Test func theIntervalFollowsTheVersions() {
    var pacing = CheckpointPacing(seconds: 1, longestSeconds: 4)
    var seconds: [Double] = []
    for fill in [0.1, 0.5, 0.6, 0.9, 0.99, 0.3, 0.3, 0.2, 0.1, 0, 0, 0] {
      _ = pacing.adapt(versionFill: fill)
      seconds.append((pacing.seconds * 100).rounded() / 100)
    }
    #expect(seconds == [1, 1.5, 2.25, 3.38, 4, 4, 4, 2.67, 1.78, 1.19, 1, 1])
  }

  /// Rows are visible within the interval: checkpoints begin earlier by what they take.
  @Test func checkpointsBeginEarlierByWhatTheyTake() {
    var pacing = CheckpointPacing(seconds: 2)
    #expect(pacing.secondsToNext == 2)
    var leads: [Double] = []
    for duration in [0.25, 0.125, 0, 60, -5] {
      pacing.completed(inSeconds: duration)
      leads.append(2 - pacing.secondsToNext)
    }
    #expect(leads == [0.25, 0.1875, 0.140625, 0.5, 0.5])
    #expect(pacing.seconds == 2)
  }
}

import Foundation
import StorageBase
import StorageIO
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

  private static let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/checkpoint-v1")

  /// With SEDIMENT_WRITE_FIXTURES=1 in the environment it is written if it is missing.
  @Test func checkpointsOfVersionOneAreReadable() throws {
    let path = Self.fixture.path
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1",
      !FileManager.default.fileExists(atPath: path)
    {
      try Data(Self.sample.encoded()).write(to: Self.fixture)
    }
    let bytes = [UInt8](try Data(contentsOf: Self.fixture))
    #expect(try PipelineCheckpoint(decoding: bytes, path: path) == Self.sample)
    #expect(Self.sample.encoded() == bytes)
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

import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// The newest checkpoint is damaged or gone: recovery goes on from the one before, and nothing is
/// missing.
@Suite struct CheckpointFallbackTests {
  /// All that a client can see of a store.
  private struct Sight: Equatable {
    let rows: [TestStore.Row]
    let transactions: [Transaction]
    let heldSequences: [ClosedRange<UInt64>]
    let versions: [Version]

    /// - Parameter isDeciding: whether to commit what waits, and make promised rows visible.
    init(_ store: Store, isDeciding: Bool = true) throws {
      transactions = store.allTransactions()
      let table = try store.snapshot(of: TestStore.tableName)
      heldSequences = table.heldSequences
      versions = table.tablets.map(\.version)
      if isDeciding {
        for waiting in transactions where waiting.state == .precommitted {
          try store.commit(transaction: waiting.id)
        }
        try store.flushGroupLoads()
      }
      rows = try TestStore.contents(of: store)
    }
  }

  private static let checkpoints = TestStore.path + "/checkpoint"

  static func newestCheckpoint(_ disk: any FileSystem) throws -> String? {
    try disk.listDirectory(checkpoints).filter { $0.hasSuffix(".ckpt") }.max()
      .map { checkpoints + "/" + $0 }
  }

  /// Between any two checkpoints there is everything that a log can hold, and what an older one
  /// refers to goes: files of swept rowsets, log files that only these lay in.
  private func makeDisk(inlineBytes: Int, rounds: Int = 3) throws -> MemoryFileSystem {
    let disk = MemoryFileSystem()
    var options = StoreOptions(staleGraceSeconds: 10)
    options.inlineRowsetByteCountMax = inlineBytes
    let store = try TestStore.create(disk, options: options, buckets: 2)
    let clock = try #require(store.clock as? ManualClock)
    var random = SeededGenerator(seed: UInt64(inlineBytes))
    func batch(_ load: Int, count: Int = 12) throws -> ColumnBatch {
      try TestStore.batch(TestStore.rows(load: load, count: count, random: &random))
    }
    for round in 0..<rounds {
      let number = round * 10
      for load in 0..<3 { try store.load(batch(number + load), into: TestStore.tableName) }
      for (index, name) in ["waits", "commits", "aborts"].enumerated() {
        let transaction = try store.begin(label: "\(name) \(round)")
        try transaction.builder(for: TestStore.tableName).append(batch(number + 4 + index))
        try transaction.precommit()
      }
      // What waited at the last checkpoint is decided now.
      if round > 0 {
        try store.commit(label: "commits \(round - 1)")
        try store.abort(label: "aborts \(round - 1)")
      }
      _ = try store.groupLoad(batch(number + 7, count: 3), into: TestStore.tableName, mode: .async)
      if round % 2 == 1 { try store.flushGroupLoads() }
      BackupTests.compact(store)
      clock.advance(bySeconds: 20)
      #expect(try round == 0 || store.sweepStaleRowsets() > 0)
      try store.checkpoint()
    }
    try store.load(batch(900), into: TestStore.tableName)
    return disk.crash(seed: 0)
  }

  @Test(arguments: [0, 1500, 1 << 16]) func twoCheckpointsAreKept(inlineBytes: Int) throws {
    for rounds in 1...4 {
      let disk = try makeDisk(inlineBytes: inlineBytes, rounds: rounds)
      let names = try disk.listDirectory(Self.checkpoints).sorted()
      let newest = UInt32(rounds + 1)
      #expect(
        names.map { StoreLayout.number(in: $0, suffix: ".ckpt") }
          == (max(2, newest - 1)...newest).map { $0 })
      // With files, only the logs since the older one are needed, or all when there is none.
      guard inlineBytes == 0, rounds > 1 else { continue }
      let logs = try disk.listDirectory(TestStore.path + "/log").sorted()
        .compactMap { StoreLayout.number(in: $0, suffix: ".log") }
      // Promised rows may lie in an earlier one.
      #expect(logs.filter { $0 >= newest - 1 } == [newest - 1, newest])
      #expect(logs.count <= 3)
    }
  }

  /// Every byte of it; where all is in files, or all in the log, a part of them.
  @Test(arguments: [(0, 11), (1500, 1), (1 << 16, 11)])
  func anyDamageToTheNewestIsSurvived(inlineBytes: Int, stride step: Int) throws {
    let base = try makeDisk(inlineBytes: inlineBytes)
    let expected = try Sight(TestStore.open(base.crash(seed: 0)), isDeciding: false)
    let decided = try Sight(TestStore.open(base.crash(seed: 0)))
    let path = try #require(try Self.newestCheckpoint(base))
    let byteCount = Int(try base.openForReading(path, cause: .tool).byteCount)
    for byte in stride(from: 0, to: byteCount, by: step) {
      let disk = base.crash(seed: 0)
      try BackupTests.flip(disk, path, byte: byte, bit: byte % 8)
      let store = try TestStore.open(disk)
      #expect(try Sight(store, isDeciding: false) == expected, "byte \(byte)")
      guard byte % 55 == 0 else { continue }
      #expect(StoreVerifier(store).run().problems == [], "byte \(byte)")
      #expect(try Sight(store) == decided, "byte \(byte)")
      // The store goes on, and its next checkpoint is the newest that counts.
      try store.checkpoint()
      let rows = try TestStore.contents(of: store)
      let reopened = try TestStore.open(disk.crash(seed: 1))
      #expect(try TestStore.contents(of: reopened) == rows, "byte \(byte)")
    }
  }

  @Test(arguments: [0, 1500, 1 << 16]) func theNewestMayBeCutOrGone(inlineBytes: Int) throws {
    let base = try makeDisk(inlineBytes: inlineBytes)
    let expected = try Sight(TestStore.open(base.crash(seed: 0)))
    let path = try #require(try Self.newestCheckpoint(base))
    let byteCount = Int(try base.openForReading(path, cause: .tool).byteCount)
    for length in stride(from: 0, to: byteCount, by: 37) {
      let disk = base.crash(seed: 0)
      let file = try disk.openForAppending(path, cause: .tool)
      try file.truncate(to: UInt64(length))
      try file.sync()
      #expect(try Sight(TestStore.open(disk)) == expected, "cut to \(length)")
    }
    let disk = base.crash(seed: 0)
    try disk.remove(path)
    #expect(try Sight(TestStore.open(disk)) == expected)
  }

  /// Again and again: the checkpoint that served is kept until there are two others.
  @Test func theNextOnesMayBeDamagedToo() throws {
    let disk = try makeDisk(inlineBytes: 1500)
    let expected = try Sight(TestStore.open(disk.crash(seed: 0)), isDeciding: false)
    for _ in 0..<4 {
      try BackupTests.flip(disk, #require(try Self.newestCheckpoint(disk)), byte: 60)
      let store = try TestStore.open(disk)
      #expect(try Sight(store, isDeciding: false) == expected)
      try store.checkpoint()
      #expect(try disk.listDirectory(Self.checkpoints).count == 2)
    }
  }

  /// Both are kept free of what a repair has taken out.
  @Test func repairedStoresCanFallBack() throws {
    let disk = try makeDisk(inlineBytes: 1 << 16)
    let logs = try disk.listDirectory(TestStore.path + "/log").sorted()
    try disk.remove("\(TestStore.path)/log/\(logs[0])")
    let report = try RepairTests.repair(disk)
    #expect(report.lostRowCount > 0 && report.remaining.problems == [])
    let expected = try Sight(TestStore.open(disk.crash(seed: 0)))
    try BackupTests.flip(disk, #require(try Self.newestCheckpoint(disk)), byte: 60)
    #expect(try Sight(TestStore.open(disk)) == expected)
  }

  /// What a later program has written says more than an older checkpoint does.
  @Test func laterFormatsAreNotPassedOver() throws {
    let disk = try makeDisk(inlineBytes: 0)
    let path = try #require(try Self.newestCheckpoint(disk))
    let file = try disk.openForReading(path, cause: .tool)
    var bytes = try file.read(at: 0, count: Int(file.byteCount) - 4)
    bytes[8] = UInt8(Checkpoint.version + 1)
    var writer = ByteWriter()
    writer.append(contentsOf: bytes)
    writer.appendChecksum()
    let target = try disk.openForAppending(path, cause: .tool)
    try target.truncate(to: 0)
    try target.append(writer.bytes)
    #expect {
      _ = try TestStore.open(disk)
    } throws: {
      if case StorageError.unsupportedFormat = $0 { true } else { false }
    }
  }
}

import Glibc
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import EngineSimulation
@testable import TabletEngine

/// Checkpoints are made while loads go on, whatever fails on the way.
@Suite struct ConcurrentCheckpointTests {
  static var shapes: [UniqueKeyModel.Shape] {
    [
      UniqueKeyModel.Shape(index: .hash), UniqueKeyModel.Shape(index: .sorted, hasSequence: true),
      UniqueKeyModel.Shape(hasSequence: true, buckets: 2, partialUpdates: .delta),
      UniqueKeyModel.Shape(merge: .onRead, hasStringKey: true),
    ]
  }

  private static func options(_ shape: UniqueKeyModel.Shape) -> StoreOptions {
    var options = StoreOptions(staleGraceSeconds: 1)
    options.inlineRowsetByteCountMax = shape.hasStringKey ? 1 << 16 : 1500
    return options
  }

  private static let logs = TestStore.path + "/log"

  private func numbers(_ files: any FileSystem, _ directory: String) throws -> [UInt32] {
    try files.listDirectory(TestStore.path + "/" + directory).sorted().compactMap {
      StoreLayout.number(in: $0, suffix: directory == "log" ? ".log" : ".ckpt")
    }
  }

  /// Loads, updates, decisions, compactions and sweeps between the steps of a checkpoint, and a
  /// power failure before and after each of them.
  @Test(arguments: shapes) func everythingGoesOnBesideACheckpoint(
    shape: UniqueKeyModel.Shape
  ) throws {
    let disk = MemoryFileSystem()
    let files = YieldingFileSystem(disk)
    let client = try BusyClient(shape, disk, files, options: Self.options(shape))
    for _ in 0..<8 { try client.work() }
    for round in 0..<2 {
      let steps = Steps()
      files.onCheckpoint {
        steps.run {
          let comment: Comment = "\(shape), checkpoint \(round), step \(steps.count)"
          try client.checkSurvivor(seed: steps.seed, comment)
          for _ in 0..<2 { try client.work() }
          try client.checkSurvivor(seed: steps.seed + 1, comment)
        }
      }
      try client.store.checkpoint()
      files.onCheckpoint(nil)
      #expect(steps.count >= 5 && steps.failure == nil, "\(String(describing: steps.failure))")
      try client.check("\(shape), after checkpoint \(round)")
      try client.checkSurvivor(seed: steps.seed, "\(shape), after checkpoint \(round)")
    }
    #expect(try numbers(disk, "checkpoint") == [2, 3])
  }

  /// Whatever step of a checkpoint fails, the loads beside it are there, the store goes on, also
  /// after a power failure, and the next checkpoint leaves nothing behind.
  @Test(arguments: zip(shapes, ["/checkpoint/", "/log", "/checkpoint/", "/log/0000000003.log"]))
  func aFailureOfEveryStepLosesNothing(shape: UniqueKeyModel.Shape, path: String) throws {
    // Of the log, only what checkpoints alone do.
    let operations: Set<FileOperation> =
      path == "/log"
      ? [.listDirectory, .remove, .syncDirectory, .truncate] : Set(FileOperation.allCases)
    var failureCount = 0
    for step in 0..<100 {
      let disk = MemoryFileSystem()
      let faulty = FaultyFileSystem(disk)
      let files = YieldingFileSystem(faulty)
      let client = try BusyClient(shape, disk, files, options: Self.options(shape))
      for _ in 0..<6 { try client.work() }
      try client.store.checkpoint()
      for _ in 0..<2 { try client.work() }
      let rule = FaultPlan.Rule(
        .error(code: EIO), .only(step), operations: operations, pathPart: path)
      // The next one, and loads beside it that do not touch these files.
      faulty.replacePlan(FaultPlan(rules: [rule]))
      let steps = Steps()
      if path == "/checkpoint/" { files.onCheckpoint { steps.run { try client.work() } } }
      let comment: Comment = "\(shape), \(path), step \(step)"
      let result = Result { try client.store.checkpoint() }
      files.onCheckpoint(nil)
      let isHit = !faulty.injectedFaults.isEmpty
      faulty.replacePlan(.none)
      guard isHit else {
        try result.get()
        break
      }
      failureCount += 1
      #expect(throws: StorageError.self, comment) { try result.get() }
      #expect(steps.failure == nil, "\(String(describing: steps.failure))")
      try client.checkSurvivor(seed: UInt64(step), comment)
      try client.work()
      for _ in 0..<2 { try client.store.checkpoint() }
      try client.check(comment)
      try client.checkSurvivor(seed: UInt64(step), comment)
      let left = try disk.listDirectory(TestStore.path + "/checkpoint")
      #expect(left.count == 2 && left.allSatisfy { $0.hasSuffix(".ckpt") }, comment)
    }
    #expect(failureCount >= 3, "\(shape), \(path): too few steps to mean anything")
  }

  /// What is spelled out after everything has gone on is what was there: deletes by later versions,
  /// new values of later deltas, later ends of transactions and those that are forgotten are not
  /// in it.
  @Test(arguments: shapes) func anImageIsOfItsMoment(shape: UniqueKeyModel.Shape) throws {
    let disk = MemoryFileSystem()
    let client = try BusyClient(shape, disk, disk, options: Self.options(shape))
    let store = client.store
    for round in 0..<5 {
      for _ in 0..<4 { try client.work() }
      let image = store.log.withLock { store.imageNow($0) }
      func encoded() -> [UInt8] {
        image.checkpoint(
          ended: store.transactions.ended(before: image.transactions.endedCount)
        ).encoded(storeID: 1)
      }
      let expected = encoded()
      for step in 0..<7 {
        try client.work()
        #expect(encoded() == expected, "\(shape), round \(round), step \(step)")
      }
    }
  }

  /// Loads wait for it in vain if they wait at all: it ends when they have come.
  @Test func loadsOfOtherThreadsDoNotWait() throws {
    let files = YieldingFileSystem(MemoryFileSystem())
    let store = try TestStore.create(files)
    let progress = Monitor(0)
    let pool = try WorkerPool(name: "loads", threadCount: 2)
    defer { pool.shutdown() }
    let wanted = 20
    let asked = Monitor(false)
    files.onCheckpoint {
      let isFirst = asked.withLock { isAsked in
        defer { isAsked = true }
        return !isAsked
      }
      guard isFirst else { return }
      for number in 0..<wanted {
        pool.submit {
          do {
            var random = SeededGenerator(seed: UInt64(number))
            let rows = TestStore.rows(load: number, count: 3, random: &random)
            try store.load(TestStore.batch(rows), into: TestStore.tableName)
            progress.withLock { $0 += 1 }
          } catch {
            Issue.record("\(error)")
          }
          progress.broadcast()
        }
      }
      let isDone: Bool? = progress.wait(atMost: 30_000_000_000) { $0 == wanted ? true : nil }
      #expect(isDone == true, "loads wait for a checkpoint")
    }
    try store.checkpoint()
    files.onCheckpoint(nil)
    #expect(try TestStore.contents(of: store).count == wanted * 3)
  }
}

/// Counts steps, and keeps what one of them found wrong: it cannot throw through a file system.
private final class Steps: @unchecked Sendable {
  private(set) var count = 0
  private(set) var failure: (any Error)?

  /// Of the power failures at this step.
  var seed: UInt64 { UInt64(2 * count) }

  func run(_ step: () throws -> Void) {
    count += 1
    do { try step() } catch { failure = failure ?? error }
  }
}

/// When checkpoints are made that nobody has asked for.
@Suite struct DueCheckpointTests {
  private func load(_ store: Store, _ number: Int) throws {
    var random = SeededGenerator(seed: UInt64(number))
    let rows = TestStore.rows(load: number, count: 8, random: &random)
    try store.load(TestStore.batch(rows), into: TestStore.tableName)
  }

  private func logs(_ files: any FileSystem) throws -> Int {
    try files.listDirectory(TestStore.path + "/log").count
  }

  private final class Listener: StoreObserver {
    let dueCount = Monitor(0)
    func storeChanged(_ change: StoreChange) {
      if case .due = change { dueCount.withLock { $0 += 1 } }
    }
  }

  @Test func whoeverMaintainsMakesThem() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files, options: StoreOptions(logFileByteCountMax: 20_000))
    let listener = Listener()
    store.addObserver(listener)
    defer { store.removeObserver(listener) }
    var number = 0
    for round in 0..<4 {
      let told = listener.dueCount.withLock { $0 }
      while listener.dueCount.withLock({ $0 }) == told {
        #expect(try store.maintain() == nil)
        #expect(try CheckpointFallbackTests.newestCheckpoint(files) == nil || round > 0)
        try load(store, number)
        number += 1
      }
      try store.maintain()
      let newest = try #require(try CheckpointFallbackTests.newestCheckpoint(files))
      #expect(newest.hasSuffix("\(round + 2).ckpt"))
    }
    let reopened = try TestStore.open(files.crash(seed: 0))
    #expect(try TestStore.contents(of: reopened).count == number * 8)
  }

  /// Without anybody who does, a load makes one when the log is twice as large.
  @Test func loadsMakeThemInTheEnd() throws {
    let files = MemoryFileSystem()
    let max = 20_000
    let store = try TestStore.create(files, options: StoreOptions(logFileByteCountMax: max))
    let log = TestStore.path + "/log/0000000001.log"
    var number = 0
    var before: UInt64 = 0
    while try CheckpointFallbackTests.newestCheckpoint(files) == nil {
      before = store.log.withLock { $0.byteCount }
      try load(store, number)
      number += 1
    }
    #expect(before < 2 * max && before > 2 * max - 5000)
    #expect(try files.exists(log))
    let reopened = try TestStore.open(files.crash(seed: 0))
    #expect(try TestStore.contents(of: reopened).count == number * 8)
  }

  /// One that cannot be made is tried again after as much log, not with every load.
  @Test func aFailurePostponesThem() throws {
    let disk = MemoryFileSystem()
    let faulty = FaultyFileSystem(disk)
    let store = try TestStore.create(faulty, options: StoreOptions(logFileByteCountMax: 10_000))
    let rule = FaultPlan.Rule(
      .error(code: EIO), .from(0), operations: [.create], pathPart: "/log/")
    faulty.replacePlan(FaultPlan(rules: [rule]))
    var number = 0
    while store.log.withLock({ $0.byteCount }) < 65_000 {
      try load(store, number)
      number += 1
    }
    #expect(number > 30)
    // At 20 000 bytes, then at 40 000 and at 60 000.
    #expect(faulty.injectedFaults.count == 3)
    faulty.replacePlan(.none)
    try store.checkpoint()
    #expect(try logs(disk) == 2)
    #expect(try TestStore.contents(of: TestStore.open(disk.crash(seed: 1))).count == number * 8)
  }
}

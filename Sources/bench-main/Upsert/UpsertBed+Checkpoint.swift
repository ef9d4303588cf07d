import BenchKit
import ScanKernels
import StorageIO
import TabletEngine

extension UpsertBed {
  private static let checkpointCount = 12
  /// Loads before each checkpoint, so that it has new versions to tell of.
  private static let loadCount = 300

  /// How long loads wait for checkpoints that are made beside them.
  func measureCheckpoints(into findings: inout CommitFindings) throws {
    let rowCount = 1000
    let variant = "\(rowCount) rows a commit"
    let source = try changes()
    let batches = try (0..<64).compactMap { _ in try source.nextBatch(maxRows: rowCount) }
    let clock = MonotonicClock()
    try withStore { store, _ in
      try fill(store)
      let maker = try CheckpointMaker(store)
      defer { maker.stop() }
      var turn = 0
      func longestLoad(while goesOn: (Int) -> Bool) throws -> Double {
        var longest: UInt64 = 0
        var count = 0
        while goesOn(count) {
          let start = clock.now()
          try store.load(batches[turn % batches.count], into: Self.table)
          longest = max(longest, clock.now() - start)
          turn += 1
          count += 1
        }
        return Double(longest) / 1e6
      }
      for _ in 0..<Self.checkpointCount {
        let alone = try longestLoad { $0 < Self.loadCount }
        maker.begin()
        let beside = try longestLoad { _ in !maker.isDone }
        findings.add("checkpoint", variant, "checkpoint, ms", try maker.milliseconds())
        findings.add("checkpoint", variant, "longest load beside it, ms", beside)
        findings.add("checkpoint", variant, "longest of 300 without, ms", alone)
      }
    }
  }
}

/// A thread that makes checkpoints when told. Thread-safe.
private final class CheckpointMaker: Sendable {
  private let store: Store
  private let pool: WorkerPool
  private let result = Monitor<Result<Double, any Error>?>(nil)

  init(_ store: Store) throws {
    self.store = store
    pool = try WorkerPool(name: "checkpoint", threadCount: 1)
  }

  func begin() {
    result.withLock { $0 = nil }
    pool.submit { [self] in
      let clock = MonotonicClock()
      let start = clock.now()
      let outcome = Result {
        try store.checkpoint()
        return Double(clock.now() - start) / 1e6
      }
      result.withLock { $0 = outcome }
    }
  }

  var isDone: Bool { result.withLock { $0 != nil } }

  /// How long it took.
  /// - Throws: why it could not be made.
  func milliseconds() throws -> Double { try result.withLock { try $0?.get() ?? 0 } }

  func stop() { pool.shutdown() }
}

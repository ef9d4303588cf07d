import ArgumentParser
import BenchKit
import PolicyLab
import StorageIO
import Studies
import Synchronization

/// Runs the points of a sweep that are missing: first the simulated ones, several at a time, then
/// those on real files, which would take processors and disk from each other.
final class SweepSession: Sendable {
  private let points: [SweepPoint]
  private let simulated: [SweepPoint]
  private let real: [SweepPoint]
  private let weights: SweepWeights
  private let directory: String?
  private let folder: SweepFolder
  private let interrupt: InterruptFlag
  private let gitRevision: String?
  private let clock = MonotonicClock()
  private let state: Mutex<State>

  private struct State {
    var ledger: SweepLedger
    var next = 0
    var running = 0
    /// When each run on real files has begun, by the monotonic clock.
    var startedAt: [SweepPoint: UInt64] = [:]
    var doneCount: Int
    /// In seconds, about, as points differ in size.
    var doneWork: Double
    var failures: [String] = []
    var fatal: (any Error)?
  }

  /// - Parameter directory: where runs on real files keep their tables; nil for the temporary one.
  init(
    points: [SweepPoint], missing: [SweepPoint], ledger: SweepLedger, folder: SweepFolder,
    directory: String?, weights: SweepWeights, interrupt: InterruptFlag
  ) {
    self.points = points
    simulated = missing.filter { $0.mode == .simulated }
    real = missing.filter { $0.mode == .engine }
    self.weights = weights
    self.directory = directory
    self.folder = folder
    self.interrupt = interrupt
    gitRevision = GitRevision.capture(at: sourceRoot)?.short
    state = Mutex(
      State(
        ledger: ledger, doneCount: points.count - missing.count,
        doneWork: weights.sum(of: points) - weights.sum(of: missing)))
  }

  /// Runs until nothing is missing, or to an interrupt. What is finished is on disk either way.
  /// - Parameters:
  ///   - threadCount: simulated runs at a time.
  ///   - engineCount: runs on real files at a time.
  func run(threadCount: Int, engineCount: Int) throws {
    let progress = ProgressReporter(clock: SystemClock())
    let start = clock.now()
    let bar = ProgressBar(
      total: weights.sum(of: points), before: state.withLock { $0.doneWork })
    let show = { [self] in line(bar, seconds: Double(clock.now() - start) / 1e9) }
    for (missing, threadCount) in [(simulated, threadCount), (real, engineCount)] {
      guard !missing.isEmpty, !interrupt.isSet else { continue }
      state.withLock { $0.next = 0 }
      let pool = try WorkerPool(name: "sweep", threadCount: max(1, min(threadCount, missing.count)))
      for _ in 0..<threadCount { pool.submit { self.work(on: missing) } }
      while isBusy(with: missing) && !interrupt.isSet {
        sleepThread(nanoseconds: 20_000_000)
        progress.update(show())
      }
      pool.waitUntilIdle()
      pool.shutdown()
    }
    progress.finish(show())
    if let error = state.withLock({ $0.fatal }) { throw error }
  }

  private func isBusy(with missing: [SweepPoint]) -> Bool {
    state.withLock { $0.running > 0 || $0.next < missing.count && $0.fatal == nil }
  }

  /// Takes one missing point after the other, in the order of the file.
  private func work(on missing: [SweepPoint]) {
    while !interrupt.isSet {
      let point = state.withLock { state -> SweepPoint? in
        guard state.fatal == nil, state.next < missing.count else { return nil }
        defer { (state.next, state.running) = (state.next + 1, state.running + 1) }
        return missing[state.next]
      }
      guard let point else { return }
      run(point)
    }
  }

  private struct Interrupted: Error {}

  private func run(_ point: SweepPoint) {
    state.withLock { if point.mode == .engine { $0.startedAt[point] = clock.now() } }
    defer {
      state.withLock { state in
        state.running -= 1
        state.startedAt[point] = nil
      }
    }
    let row: SweepRow
    do {
      row = try self.row(of: point)
    } catch is Interrupted {
      return
    } catch {
      // A policy that breaks its contract says nothing about the others.
      state.withLock { $0.failures.append("\(point.policy) on \(point.workload): \(error)") }
      return
    }
    do {
      try folder.append(row)
    } catch {
      state.withLock { $0.fatal = $0.fatal ?? error }
      return
    }
    state.withLock { state in
      state.ledger.take(row)
      state.doneCount += 1
      state.doneWork += weights.weight(of: point)
    }
  }

  private func row(of point: SweepPoint) throws -> SweepRow {
    guard point.mode == .simulated else {
      let run = EnginePoint(point: point, directory: directory)
      guard let row = try run.run(interrupt: interrupt, gitRevision: gitRevision) else {
        throw Interrupted()
      }
      return row
    }
    let (policy, outcome) = try point.run { [interrupt] in
      if interrupt.isSet { throw Interrupted() }
    }
    return try SweepRow(point, policy: policy, outcome: outcome, gitRevision: gitRevision)
  }

  private func line(_ bar: ProgressBar, seconds: Double) -> String {
    let now = clock.now()
    let (count, running, done) = state.withLock { state in
      // Real time passes evenly, so that runs which go on count as far as they have come.
      let parts = state.startedAt.reduce(0.0) { sum, run in
        sum + min(weights.weight(of: run.key), Double(now - min(now, run.value)) / 1e9)
      }
      return (state.doneCount, state.running, state.doneWork + parts)
    }
    let text = "\(count) of \(points.count) runs, \(running) running"
    return bar.line(done: done, seconds: seconds, text: text)
  }

  /// Writes `sweep.csv`, and prints the front.
  /// - Throws: `ExitCode` after failures, or an interrupt.
  func report() throws {
    let (ledger, failures) = state.withLock { ($0.ledger, $0.failures) }
    let result = ledger.result(of: points)
    try folder.replace(SweepRow.fileName, result.text)
    print(SweepSummary(result).text)
    for failure in failures.sorted() { print("failed: \(failure)") }
    print("CSV: \(folder.path)/\(SweepRow.fileName)")
    if interrupt.isSet {
      print(
        "interrupted with \(result.rows.count) of \(points.count) runs; run it again for the rest")
      throw ExitCode(interrupt.exitStatus)
    }
    if !failures.isEmpty { throw ExitCode(1) }
  }
}

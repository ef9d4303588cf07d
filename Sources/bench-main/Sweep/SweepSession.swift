import ArgumentParser
import BenchKit
import PolicyLab
import StorageIO
import Studies
import Synchronization

/// Runs the points of a sweep that are missing, several at a time.
final class SweepSession: Sendable {
  private let points: [SweepPoint]
  private let missing: [SweepPoint]
  private let folder: SweepFolder
  private let interrupt: InterruptFlag
  private let gitRevision: String?
  private let state: Mutex<State>

  private struct State {
    var ledger: SweepLedger
    var next = 0
    var running = 0
    var doneCount: Int
    /// In loads, as points differ in size.
    var doneWork: Int
    var failures: [String] = []
    var fatal: (any Error)?
  }

  init(
    points: [SweepPoint], missing: [SweepPoint], ledger: SweepLedger, folder: SweepFolder,
    interrupt: InterruptFlag
  ) {
    self.points = points
    self.missing = missing
    self.folder = folder
    self.interrupt = interrupt
    gitRevision = GitRevision.capture(at: sourceRoot)?.short
    let doneWork = Self.work(points) - Self.work(missing)
    state = Mutex(
      State(ledger: ledger, doneCount: points.count - missing.count, doneWork: doneWork))
  }

  private static func work(_ points: [SweepPoint]) -> Int {
    points.reduce(0) { $0 + $1.loadCount }
  }

  /// Runs until nothing is missing, or to an interrupt. What is finished is on disk either way.
  func run(threadCount: Int) throws {
    let progress = ProgressReporter(clock: SystemClock())
    let clock = MonotonicClock()
    let start = clock.now()
    let bar = ProgressBar(
      total: Double(Self.work(points)), before: Double(state.withLock { $0.doneWork }))
    let pool = try WorkerPool(name: "sweep", threadCount: max(1, min(threadCount, missing.count)))
    for _ in 0..<threadCount { pool.submit { self.work() } }
    while state.withLock({ $0.running > 0 || $0.next < missing.count && $0.fatal == nil })
      && !interrupt.isSet
    {
      sleepThread(nanoseconds: 20_000_000)
      progress.update(line(bar, seconds: Double(clock.now() - start) / 1e9))
    }
    pool.waitUntilIdle()
    pool.shutdown()
    progress.finish(line(bar, seconds: Double(clock.now() - start) / 1e9))
    if let error = state.withLock({ $0.fatal }) { throw error }
  }

  /// Takes one missing point after the other, in the order of the file.
  private func work() {
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
    defer { state.withLock { $0.running -= 1 } }
    let row: SweepRow
    do {
      let (policy, outcome) = try point.run { [interrupt] in
        if interrupt.isSet { throw Interrupted() }
      }
      row = try SweepRow(point, policy: policy, outcome: outcome, gitRevision: gitRevision)
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
      state.doneWork += point.loadCount
    }
  }

  private func line(_ bar: ProgressBar, seconds: Double) -> String {
    let (count, running, done) = state.withLock { ($0.doneCount, $0.running, Double($0.doneWork)) }
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

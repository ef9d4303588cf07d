import StorageBase
import StorageIO

/// Runs a stream on threads: one for each writer, one for checkpoints.
public struct StreamThreads: Sendable {
  private let run: StreamRun
  private let clock: any TimeSource

  public init(_ run: StreamRun, clock: any TimeSource) {
    self.run = run
    self.clock = clock
  }

  /// Returns when the stream is finished, or has failed.
  /// - Parameter whileRunning: called about every `tickSeconds` on this thread.
  /// - Throws: what ended the stream before its time.
  public func run(tickSeconds: Double = 0.1, whileRunning: () throws -> Void = {}) throws {
    let pool = try WorkerPool(name: "stream", threadCount: run.writerCount + 1)
    for writer in 0..<run.writerCount {
      pool.submit { loop { run.step(writer: writer) } }
    }
    pool.submit { loop(run.stepCoordinator) }
    do {
      while !isOver(within: tickSeconds) { try whileRunning() }
    } catch {
      run.requestStop()
      pool.shutdown()
      throw error
    }
    pool.shutdown()
    if let failure = run.failure { throw failure }
  }

  private func isOver(within seconds: Double) -> Bool {
    run.monitor.wait(atMost: UInt64(seconds * 1e9)) { $0.isOver ? true : nil } ?? false
  }

  private func loop(_ step: () -> StepOutcome) {
    while true {
      let changes = run.monitor.withLock { $0.changeCount }
      switch step() {
      case .worked: continue
      case .ended: return
      case .waiting(let until):
        let seconds = min(max(0, until.seconds(since: clock.now())), StreamRun.idleSeconds)
        _ = run.monitor.wait(atMost: UInt64(seconds * 1e9)) {
          $0.changeCount != changes ? true : nil
        }
      }
    }
  }
}

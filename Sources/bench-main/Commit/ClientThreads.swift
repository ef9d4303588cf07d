import BenchKit
import StorageIO
import Synchronization

/// Clients that load one batch after the other, each on a thread of its own.
struct ClientThreads: Sendable {
  let count: Int
  /// When they end; what is begun is brought to its end.
  var seconds = Double(UInt32.max)
  /// Loads of each client at most.
  var turns = Int.max

  struct Outcome {
    let rowsPerSecond: Double
    /// Processor time of the whole process for each load: what a busy machine changes least.
    let cpuMicrosecondsPerLoad: Double
    /// That of the clients' threads alone, without what compaction and others do beside them.
    let clientMicrosecondsPerLoad: Double
    let latencies: LatencySnapshot
  }

  /// Runs `load` on every thread until the time is over.
  /// - Parameters:
  ///   - load: loads the next batch of a client; returns its rows and how long its client waited
  ///     for what is measured, in nanoseconds.
  ///   - finish: what belongs to the loads and comes once, at the end.
  func run(
    _ load: @escaping @Sendable (_ client: Int, _ turn: Int) throws -> (rows: Int, waited: UInt64),
    finish: () throws -> Void = {}
  ) throws -> Outcome {
    let latencies = LatencyHistogram(shardCount: 64)
    let rows = Atomic<Int>(0)
    let clientSeconds = Mutex(0.0)
    let failure = Mutex<(any Error)?>(nil)
    let pool = try WorkerPool(name: "client", threadCount: count)
    let clock = MonotonicClock()
    let startCPU = ProcessUsage.current().cpuSeconds
    let start = clock.now()
    let end = start + UInt64(seconds * 1e9)
    for client in 0..<count {
      pool.submit {
        let startCPU = ProcessUsage.threadCPUSeconds()
        defer { clientSeconds.withLock { $0 += ProcessUsage.threadCPUSeconds() - startCPU } }
        do {
          var turn = 0
          while turn < turns, clock.now() < end {
            let done = try load(client, turn)
            latencies.record(nanoseconds: done.waited)
            rows.add(done.rows, ordering: .relaxed)
            turn += 1
          }
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    pool.waitUntilIdle()
    try finish()
    let nanoseconds = clock.now() - start
    let cpuSeconds = ProcessUsage.current().cpuSeconds - startCPU
    pool.shutdown()
    if let error = failure.withLock({ $0 }) { throw error }
    let found = latencies.snapshot()
    return Outcome(
      rowsPerSecond: Double(rows.load(ordering: .relaxed)) / (Double(nanoseconds) / 1e9),
      cpuMicrosecondsPerLoad: cpuSeconds * 1e6 / Double(max(1, found.count)),
      clientMicrosecondsPerLoad: clientSeconds.withLock { $0 } * 1e6 / Double(max(1, found.count)),
      latencies: found)
  }
}

import StorageIO

/// Lets a scheduler know now and then that time passes: for rules that scan, and for policies that
/// wait. On a thread of its own, from the beginning until `stop`.
final class SchedulerTicks: Sendable {
  private static let nanoseconds: UInt64 = 20_000_000

  private let pool: WorkerPool
  private let isStopped = Monitor(false)

  init(_ scheduler: CompactionScheduler) throws {
    pool = try WorkerPool(name: "ticks", threadCount: 1)
    let isStopped = isStopped
    pool.submit {
      while isStopped.wait(atMost: Self.nanoseconds, until: { $0 ? true : nil }) == nil {
        scheduler.tick()
      }
    }
  }

  func stop() {
    isStopped.withLock { $0 = true }
    isStopped.broadcast()
    pool.shutdown()
  }
}

import StorageBase

/// A fixed number of named threads that run jobs in the order they were submitted.
///
/// Compaction gets a pool of its own with a lower priority (`niceness`), so that it can run beside
/// queries without starving them. Thread-safe; the threads end at `shutdown` or when the pool is
/// released, whichever comes first.
public final class WorkerPool: JobExecutor {
  /// What happens at `shutdown` to jobs that no thread has begun.
  public enum ShutdownMode: Sendable {
    /// They are run.
    case drain
    /// They are dropped.
    case drop
  }

  let core: WorkerPoolCore

  /// Starts the threads.
  /// - Parameters:
  ///   - name: shown by `ps` and debuggers, with the thread's index; cut to what fits 15 bytes.
  ///   - threadCount: at least 1.
  ///   - queueLimit: how many jobs may wait for a thread before `submit` blocks; nil for no limit.
  ///   - niceness: -20 (needs a privilege) to 19; higher yields to others. The system may refuse
  ///     it, and then the threads run with the priority of the process.
  /// - Throws: `StorageError.io` when the system gives no more threads.
  public init(
    name: String, threadCount: Int, queueLimit: Int? = nil, niceness: Int32 = 0
  ) throws {
    precondition(threadCount >= 1, "a pool needs a thread")
    precondition(queueLimit.map { $0 >= 1 } ?? true, "a queue needs room for a job")
    core = WorkerPoolCore(name: name, queueLimit: queueLimit, niceness: niceness)
    for index in 0..<threadCount {
      do {
        try core.startThread(index)
      } catch {
        core.requestStop(.drop)
        throw error
      }
    }
  }

  deinit { core.requestStop(.drop) }

  /// How many jobs wait for a thread.
  public var queuedCount: Int { core.monitor.withLock { $0.jobs.count } }

  /// Queues a job; blocks while the queue is full. After `shutdown` the job is dropped.
  /// - Precondition: not called from a job of this pool when the queue has a limit.
  public func submit(_ job: @escaping @Sendable () -> Void) { core.enqueue(job) }

  /// Queues a job unless the queue is full or the pool is shut down; says whether it did.
  public func trySubmit(_ job: @escaping @Sendable () -> Void) -> Bool { core.tryEnqueue(job) }

  /// Blocks until no job waits or runs.
  /// - Precondition: not called from a job of this pool.
  public func waitUntilIdle() {
    core.requireOutside("waitUntilIdle")
    core.waitOutside { $0.jobs.isEmpty && $0.runningCount == 0 }
  }

  /// Takes no more jobs, and blocks until the threads have ended. May be called again.
  /// - Precondition: not called from a job of this pool.
  public func shutdown(_ mode: ShutdownMode = .drain) {
    core.requireOutside("shutdown")
    core.requestStop(mode)
    core.waitOutside { $0.threads.isEmpty }
  }
}

import Glibc
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

  private let core: WorkerPoolCore

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
    core.monitor.wait { state in
      state.jobs.isEmpty && state.runningCount == 0 ? () : nil
    }
  }

  /// Takes no more jobs, and blocks until the threads have ended. May be called again.
  /// - Precondition: not called from a job of this pool.
  public func shutdown(_ mode: ShutdownMode = .drain) {
    core.requireOutside("shutdown")
    core.requestStop(mode)
    core.monitor.wait { $0.threads.isEmpty ? () : nil }
  }
}

/// What the threads of a pool share. They hold this and not the pool, so that releasing the pool
/// can end them.
final class WorkerPoolCore: Sendable {
  struct State: Sendable {
    var jobs = JobQueue()
    var runningCount = 0
    var threads: Set<pthread_t> = []
    var isStopping = false
  }

  let monitor = Monitor(State())
  private let name: String
  private let queueLimit: Int
  private let niceness: Int32

  init(name: String, queueLimit: Int?, niceness: Int32) {
    self.name = name
    self.queueLimit = queueLimit ?? .max
    self.niceness = niceness
  }

  // MARK: Called from outside

  func enqueue(_ job: @escaping @Sendable () -> Void) {
    monitor.wait { state in
      if state.isStopping { return () }
      guard state.jobs.count < queueLimit else { return nil }
      state.jobs.append(job)
      return ()
    }
    monitor.broadcast()
  }

  func tryEnqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
    let isQueued = monitor.withLock { state in
      guard !state.isStopping, state.jobs.count < queueLimit else { return false }
      state.jobs.append(job)
      return true
    }
    if isQueued { monitor.broadcast() }
    return isQueued
  }

  func requestStop(_ mode: WorkerPool.ShutdownMode) {
    // Dropped jobs are released outside the lock: what they capture may call back.
    let dropped = monitor.withLock { state -> JobQueue? in
      state.isStopping = true
      guard mode == .drop else { return nil }
      defer { state.jobs = JobQueue() }
      return state.jobs
    }
    monitor.broadcast()
    _ = dropped
  }

  func requireOutside(_ call: String) {
    let isInside = monitor.withLock { $0.threads.contains(pthread_self()) }
    precondition(!isInside, "\(call) of pool \(name) would wait for the job that calls it")
  }

  // MARK: Threads

  func startThread(_ index: Int) throws {
    let start = ThreadStart(core: self, title: String("\(name.prefix(12))-\(index)".prefix(15)))
    let argument = Unmanaged.passRetained(start)
    var thread = pthread_t()
    let code = monitor.withLock { state in
      let code = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
          start.core.run(title: start.title)
          return nil
        }, argument.toOpaque())
      if code == 0 {
        state.threads.insert(thread)
        pthread_detach(thread)
      }
      return code
    }
    guard code == 0 else {
      argument.release()
      throw StorageError.system("start a thread of pool", name, code: code)
    }
  }

  private func run(title: String) {
    nameThisThread(title)
    // On Linux this is per thread, and 0 names the calling one. A refusal leaves the default.
    if niceness != 0 { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
    while runOneJob() {}
    monitor.withLock { _ = $0.threads.remove(pthread_self()) }
    monitor.broadcast()
  }

  /// False when the pool has stopped and nothing is left to do.
  private func runOneJob() -> Bool {
    let job = monitor.wait { state -> (@Sendable () -> Void)?? in
      if let job = state.jobs.popFirst() {
        state.runningCount += 1
        return .some(.some(job))
      }
      return state.isStopping ? .some(.none) : .none
    }
    guard let job else { return false }
    job()
    monitor.withLock { $0.runningCount -= 1 }
    monitor.broadcast()
    return true
  }
}

/// Sets what `ps` and debuggers show for the calling thread; without /proc it stays unnamed.
/// (`pthread_setname_np` is a GNU extension that Swift's Glibc module does not show.)
private func nameThisThread(_ title: String) {
  let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  let bytes = Array(title.utf8)
  _ = write(descriptor, bytes, bytes.count)
  close(descriptor)
}

/// What a new thread is told.
private final class ThreadStart: Sendable {
  let core: WorkerPoolCore
  let title: String

  init(core: WorkerPoolCore, title: String) {
    self.core = core
    self.title = title
  }
}

/// A queue with O(1) amortised operations at both ends.
struct JobQueue: Sendable {
  private var jobs: [(@Sendable () -> Void)?] = []
  private var head = 0

  var count: Int { jobs.count - head }
  var isEmpty: Bool { head == jobs.count }

  mutating func append(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

  mutating func popFirst() -> (@Sendable () -> Void)? {
    guard head < jobs.count else { return nil }
    let job = jobs[head]
    jobs[head] = nil
    head += 1
    if head * 2 >= jobs.count {
      jobs.removeFirst(head)
      head = 0
    }
    return job
  }
}

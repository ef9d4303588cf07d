import Glibc
import StorageBase

/// What the threads of a pool share. They hold this and not the pool, so that releasing the pool
/// can end them.
final class WorkerPoolCore: Sendable {
  struct State: Sendable {
    var jobs = JobQueue()
    var runningCount = 0
    var threads: Set<pthread_t> = []
    var isStopping = false
    /// Threads that wait for something else than a job.
    var outsideWaiterCount = 0
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
    while !tryEnqueue(job) {
      let isStopping = monitor.withLock { $0.isStopping }
      if isStopping { return }
      waitOutside { $0.isStopping || $0.jobs.count < queueLimit }
    }
  }

  func tryEnqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
    monitor.withLock { state in
      guard !state.isStopping, state.jobs.count < queueLimit else { return false }
      state.jobs.append(job)
      // One job needs one thread, unless somebody who is not after jobs might be the one woken.
      // Under the lock, since such a one could come between the look and the wake-up.
      if state.outsideWaiterCount > 0 { monitor.broadcast() } else { monitor.signal() }
      return true
    }
  }

  func waitOutside(until condition: (State) -> Bool) {
    monitor.withLock { $0.outsideWaiterCount += 1 }
    monitor.wait { condition($0) ? () : nil }
    monitor.withLock { $0.outsideWaiterCount -= 1 }
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
    while runNextJob() { finishJob() }
    monitor.withLock { _ = $0.threads.remove(pthread_self()) }
    monitor.broadcast()
  }

  /// False when the pool has stopped and nothing is left to do. What the job captured is released
  /// before this returns, so that an idle pool holds nothing.
  private func runNextJob() -> Bool {
    let job = monitor.wait { state -> (@Sendable () -> Void)?? in
      guard let job = state.jobs.popFirst() else {
        return state.isStopping ? .some(.none) : .none
      }
      state.runningCount += 1
      // There is room in the queue.
      if state.outsideWaiterCount > 0 { monitor.broadcast() }
      return .some(.some(job))
    }
    job?()
    return job != nil
  }

  private func finishJob() {
    monitor.withLock { state in
      state.runningCount -= 1
      if state.outsideWaiterCount > 0 { monitor.broadcast() }
    }
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

/// Runs jobs: background work that the storage core hands out as values, because it has no
/// threads of its own. Thread-safe.
public protocol JobExecutor: Sendable {
  /// Takes a job, to be run once at some later time (or, by `InlineExecutor`, at once). An
  /// executor that has been shut down drops it.
  func submit(_ job: @escaping @Sendable () -> Void)
}

/// Runs every job in the thread that submits it, before `submit` returns.
public struct InlineExecutor: JobExecutor {
  public init() {}

  public func submit(_ job: @escaping @Sendable () -> Void) { job() }
}

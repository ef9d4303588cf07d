import StorageIO

/// How many threads may work on one query, and where those beside the calling one come from.
public struct Parallelism: Sendable {
  /// At least 1; the calling thread is one of them.
  public let threadCount: Int
  let executor: (any JobExecutor)?

  /// The calling thread alone.
  public static let none = Parallelism(threadCount: 1, executor: nil)

  private init(threadCount: Int, executor: (any JobExecutor)?) {
    self.threadCount = threadCount
    self.executor = executor
  }

  /// The calling thread and jobs of `executor`. A query never waits for a job to begin, so an
  /// executor that is busy makes it slower but does not stop it.
  /// - Precondition: `threadCount` is at least 1.
  public init(threadCount: Int, executor: any JobExecutor) {
    precondition(threadCount >= 1, "a query needs a thread")
    self.init(threadCount: threadCount, executor: Optional(executor))
  }
}

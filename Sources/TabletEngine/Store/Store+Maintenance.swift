import StorageBase

extension Store {
  /// Does what has become due: puts loads on disk that were promised to be there by now, makes rows
  /// of group loads visible, aborts transactions whose time is over, forgets labels that were kept
  /// long enough, and makes a checkpoint when the log is large, which takes longer than the rest.
  ///
  /// The core has no clock that wakes it; whoever runs a store calls this when the returned time
  /// has come, and after loads whose receipt promises durability in the future.
  /// - Returns: when to call again at the latest; nil when nothing waits for a time.
  /// - Throws: the first refusal, such as that of a full disk, after everything has been tried.
  @discardableResult
  public func maintain() throws -> Timestamp? {
    let now = clock.now()
    let deadlines = [
      Result { try syncIfDue() }, Result { try publishDueGroupLoads() },
      Result { try expireTransactions() },
    ]
    transactions.withBook { $0.forget(options.labelRetention, at: now) }
    // Last, since others wait for the rest.
    let checkpoint = Result { try checkpointIfDue() }
    let next = try deadlines.compactMap { try $0.get() }.min()
    try checkpoint.get()
    return next
  }
}

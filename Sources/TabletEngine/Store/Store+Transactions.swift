import StorageBase
import TabletModel

// What clients do with transactions. All of it is thread-safe, and operations on one transaction
// are atomic against each other.
extension Store {
  /// Transaction ids that are set aside with one write to the log.
  private static let reservationCount: UInt64 = 1 << 16

  /// Begins a load that may fill several tables.
  ///
  /// - Parameters:
  ///   - label: a name under which the load is recognised when it is sent again, at most
  ///     `Limits.labelByteCountMax` bytes; empty for none.
  ///   - timeoutSeconds: how long its rows may take; the store's option when nil.
  /// - Throws: `TransactionError.labelInUse` with the transaction that has the label and its state,
  ///   `TransactionError.tooManyRunning`, and what a full or failing disk causes.
  public func begin(label: String = "", timeoutSeconds: Double? = nil) throws -> LoadTransaction {
    LoadTransaction(
      store: self, token: try beginTransaction(label: label, timeoutSeconds: timeoutSeconds))
  }

  func beginTransaction(label: String, timeoutSeconds: Double?) throws -> TransactionToken {
    guard label.utf8.count <= Limits.labelByteCountMax else {
      throw StorageError.limitExceeded(
        what: "the length of a label", value: label.utf8.count, limit: Limits.labelByteCountMax,
        remedy: "use a shorter one")
    }
    return try beginTransaction(timeoutSeconds: timeoutSeconds) { _ in label }
  }

  /// - Parameter label: makes the label from the id of the transaction.
  func beginTransaction(
    timeoutSeconds: Double?, label: (TransactionID) -> String
  ) throws -> TransactionToken {
    let now = clock.now()
    let deadline = now.advanced(bySeconds: timeoutSeconds ?? options.prepareTimeoutSeconds)
    while true {
      let begun = try transactions.withBook { book -> Transaction? in
        book.forget(options.labelRetention, at: now)
        return book.needsReservation
          ? nil : try book.begin(label: label(book.nextID), at: now, deadline: deadline)
      }
      if let begun { return TransactionToken(begun, registry: transactions, files: files) }
      let next = transactions.withBook { $0.nextID }
      let end = TransactionID(rawValue: next.rawValue + Self.reservationCount)
      _ = try commit(.reserveTransactions(below: end))
    }
  }

  /// Makes a prepared load visible as the next version of its tablets, durable as their tables
  /// promise.
  ///
  /// Holds the calling thread back, before the load enters the commit queue, for as long as
  /// `StoreOptions.backPressure` wants.
  /// - Throws: `StorageError.tooManyVersions` when compaction is behind, and the load may be
  ///   committed again later; `TransactionError` when it has been aborted meanwhile.
  @discardableResult
  public func commit(_ load: PreparedLoad) throws -> CommitReceipt {
    if !load.partials.isEmpty {
      if transactions[load.token.id]?.state == .precommitted {
        return try commit(transaction: load.token.id)
      }
      var last = load
      return try commitOptimistically(&last, isSlowed: true) { try load.completed(in: self) }
    }
    return try commitSlowed(.load(load), of: load)
  }

  /// The first of two phases: the rows are durable when this returns, and visible to nobody. They
  /// wait for `commit(transaction:)` or `abort(transaction:)`, also after a restart.
  ///
  /// Repeating it changes nothing. It blocks no other load.
  /// - Parameter timeoutSeconds: how long it waits before it is aborted; the store's option when
  ///   nil.
  /// - Throws: as `commit`.
  @discardableResult
  public func precommit(
    _ load: PreparedLoad, timeoutSeconds: Double? = nil
  ) throws -> CommitReceipt {
    let timeout = timeoutSeconds ?? options.precommitTimeoutSeconds
    if !load.partials.isEmpty {
      return try precommitPartial(load, timeoutSeconds: timeout)
    }
    return try commitSlowed(.precommit(load, timeoutSeconds: timeout), of: load)
  }

  /// The second phase: all rows of the transaction become visible at once. When they have been
  /// already nothing changes, and the receipt says so. Those of a partial load are completed now,
  /// from the newest rows of their keys.
  /// - Throws: `TransactionError` when it is unknown, aborted, or its rows are still arriving; of a
  ///   partial load, what `PartialLoadBuilder.prepare` throws for keys that are new now: it goes on
  ///   waiting then.
  @discardableResult
  public func commit(transaction id: TransactionID) throws -> CommitReceipt {
    if catalogueNow.pending[id]?.isPartial ?? false { return try commitPartial(id) }
    return try commit(.commitTransaction(id))
  }

  /// As `commit(transaction:)`, of the newest transaction with this label.
  @discardableResult
  public func commit(label: String) throws -> CommitReceipt {
    try commit(transaction: requireTransaction(label: label).id)
  }

  /// Ends a transaction without effect, also while its rows are still arriving, and frees its
  /// label. When it has been aborted already nothing changes, and the receipt says so.
  /// - Throws: `TransactionError.notAbortable` when it is visible (its rows stay), `notFound`.
  @discardableResult
  public func abort(
    transaction id: TransactionID, because reason: String = "aborted by the client"
  ) throws -> CommitReceipt {
    try commit(.abortTransaction(id, reason: reason))
  }

  /// As `abort(transaction:)`, of the newest transaction with this label.
  @discardableResult
  public func abort(
    label: String, because reason: String = "aborted by the client"
  ) throws -> CommitReceipt {
    try abort(transaction: requireTransaction(label: label).id, because: reason)
  }

  /// What is known of a transaction; nil when it never was, or has been forgotten.
  public func transaction(_ id: TransactionID) -> Transaction? { transactions[id] }

  /// The newest transaction with this label.
  public func transaction(label: String) -> Transaction? {
    transactions.withBook { $0.transaction(label: label) }
  }

  /// All transactions that are running or remembered; running ones first, then by id.
  public func allTransactions() -> [Transaction] { transactions.book.all }

  private func requireTransaction(label: String) throws -> Transaction {
    if let found = transaction(label: label) { return found }
    throw TransactionError.labelNotFound(label)
  }

  /// Aborts the transactions whose time is over.
  /// - Returns: when the next of the others is due.
  func expireTransactions() throws -> Timestamp? {
    let now = clock.now()
    for transaction in transactions.withBook({ $0.due(at: now) }) {
      do {
        _ = try abort(transaction: transaction.id, because: "timeout by txn manager")
      } catch is TransactionError {
        // It has been committed between the look and the abort.
      }
    }
    return transactions.withBook { $0.nextDeadline }
  }
}

import StorageBase

/// Why a transaction does not do what was asked. Descriptions have the wording that clients of the
/// Stream Load protocol of Apache Doris look for.
public enum TransactionError: Error, Hashable, Sendable {
  /// The label names a transaction that is under way or has succeeded; the load may be that one,
  /// sent again.
  case labelInUse(label: String, by: TransactionID, state: TransactionState)
  /// Never begun, or ended so long ago that it has been forgotten.
  case notFound(TransactionID)
  case labelNotFound(String)
  /// A commit of a transaction whose rows are still arriving.
  case notPrecommitted(TransactionID, TransactionState)
  /// It was aborted: by a client, by a time-out, or because its sender went away.
  case aborted(TransactionID, reason: String)
  /// An abort that comes after the commit: the rows stay.
  case notAbortable(TransactionID, TransactionState)
  case tooManyRunning(count: Int, limit: Int)
}

extension TransactionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .labelInUse(let label, let id, let state):
      return "Label [\(label)] has already been used, relate to txn [\(id)], which is \(state)"
    case .notFound(let id): return "transaction [\(id)] not found"
    case .labelNotFound(let label): return "transaction with label [\(label)] not found"
    case .notPrecommitted(let id, let state):
      return "transaction [\(id)] is \(state), not pre-committed."
    case .aborted(let id, let reason):
      return "transaction [\(id)] is already aborted. abort reason: \(reason)"
    case .notAbortable(let id, let state):
      return "transaction [\(id)] is already \(state.description.uppercased()), could not abort."
    case .tooManyRunning(let count, let limit):
      return """
        current running txns is \(count), larger than limit \(limit): commit or abort some, or \
        run fewer loads at a time
        """
    }
  }
}

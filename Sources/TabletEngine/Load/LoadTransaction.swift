import StorageBase
import TabletModel

/// One load on its way into one or more tables: rows are added through builders, and then become
/// visible all at once, or never. Not thread-safe, but it may be aborted by its id from any thread.
///
/// Letting go of it before it is committed or pre-committed aborts it.
public final class LoadTransaction {
  private let store: Store
  private let token: TransactionToken
  private var builders: [(table: String, builder: LoadBuilder)] = []
  /// Kept so that a commit that was refused can be repeated.
  private var prepared: PreparedLoad?

  init(store: Store, token: TransactionToken) {
    self.store = store
    self.token = token
  }

  public var id: TransactionID { token.id }
  /// Empty when the client gave none.
  public var label: String { token.label }

  /// Takes rows for a table; the same one for the same table.
  /// - Throws: `StorageError.unknownName`.
  /// - Precondition: rows have not been prepared yet.
  public func builder(for table: String) throws -> LoadBuilder {
    precondition(prepared == nil, "rows come before the commit")
    if let known = builders.first(where: { $0.table == table }) { return known.builder }
    let builder = LoadBuilder(store: store, table: try store.snapshot(of: table), token: token)
    builders.append((table, builder))
    return builder
  }

  /// Makes the rows visible, in one phase.
  /// - Throws: as `Store.commit`; it may be repeated after `StorageError.tooManyVersions`.
  @discardableResult
  public func commit() throws -> CommitReceipt { try store.commit(prepare()) }

  /// Makes the rows durable; see `Store.precommit`.
  @discardableResult
  public func precommit(timeoutSeconds: Double? = nil) throws -> CommitReceipt {
    try store.precommit(prepare(), timeoutSeconds: timeoutSeconds)
  }

  /// Ends it without effect.
  @discardableResult
  public func abort(because reason: String = "aborted by the client") throws -> CommitReceipt {
    try store.abort(transaction: id, because: reason)
  }

  private func prepare() throws -> PreparedLoad {
    if let prepared { return prepared }
    let parts = try builders.flatMap { try $0.builder.prepare().parts }
    let load = PreparedLoad(token: token, parts: parts)
    prepared = load
    builders.removeAll()
    return load
  }
}

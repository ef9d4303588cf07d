import StorageBase
import TabletModel

/// One load on its way into one or more tables: rows are added through builders, and then become
/// visible all at once, or never. Not thread-safe, but it may be aborted by its id from any thread.
///
/// A table is given whole rows or, where they are unique and merged on write, rows of some columns;
/// what is missing of these comes from the newest rows of their keys at the moment of the commit,
/// in whatever table others change it meanwhile.
///
/// Letting go of it before it is committed or pre-committed aborts it.
public final class LoadTransaction {
  private enum Builder {
    case whole(LoadBuilder)
    case partial(PartialLoadBuilder)
  }

  private let store: Store
  private let token: TransactionToken
  private var builders: [(table: String, builder: Builder)] = []
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
  /// - Throws: `StorageError.unknownName`; `.invalidArgument` when the table is given rows of some
  ///   columns already.
  /// - Precondition: rows have not been prepared yet.
  public func builder(for table: String) throws -> LoadBuilder {
    switch known(table) {
    case .whole(let builder): return builder
    case .partial: throw refusal(of: table)
    case nil:
      let builder = LoadBuilder(store: store, table: try store.snapshot(of: table), token: token)
      builders.append((table, .whole(builder)))
      return builder
    }
  }

  /// Takes rows for a table that all give the same columns; the same one for the same table.
  /// - Parameters: as of `Store.beginPartialLoad`.
  /// - Throws: as `Store.beginPartialLoad`; `.invalidArgument` when the table is given whole rows
  ///   already, or rows of other columns or on other terms.
  /// - Precondition: rows have not been prepared yet.
  public func partialBuilder(
    for table: String, updating columns: [String],
    onNewKey newKeys: PartialUpdate.NewKeys = .insertDefaults,
    strategy: PartialUpdate.Strategy? = nil
  ) throws -> PartialLoadBuilder {
    let snapshot = try store.partialTable(table)
    let positions = try snapshot.definition.positions(ofPartialLoad: columns)
    return try partialBuilder(
      of: snapshot, positions, isFlexible: false, newKeys: newKeys, strategy: strategy)
  }

  /// Takes rows for a table that name their own columns; the same one for the same table.
  /// - Parameters: as of `Store.beginFlexibleLoad`.
  /// - Throws: as `partialBuilder`.
  /// - Precondition: rows have not been prepared yet.
  public func flexibleBuilder(
    for table: String, onNewKey newKeys: PartialUpdate.NewKeys = .insertDefaults,
    strategy: PartialUpdate.Strategy? = nil
  ) throws -> PartialLoadBuilder {
    let snapshot = try store.partialTable(table)
    return try partialBuilder(
      of: snapshot, Array(snapshot.definition.schema.columns.indices), isFlexible: true,
      newKeys: newKeys, strategy: strategy)
  }

  private func partialBuilder(
    of table: TableSnapshot, _ columns: [Int], isFlexible: Bool, newKeys: PartialUpdate.NewKeys,
    strategy: PartialUpdate.Strategy?
  ) throws -> PartialLoadBuilder {
    let name = table.definition.name
    if let known = known(name) {
      guard case .partial(let builder) = known,
        builder.takes(columns, isFlexible: isFlexible, newKeys, strategy)
      else { throw refusal(of: name) }
      return builder
    }
    let builder = PartialLoadBuilder(
      store: store, table: table, columns: columns, isFlexible: isFlexible, newKeys: newKeys,
      strategy: strategy, token: token)
    builders.append((name, .partial(builder)))
    return builder
  }

  private func known(_ table: String) -> Builder? {
    precondition(prepared == nil, "rows come before the commit")
    return builders.first { $0.table == table }?.builder
  }

  private func refusal(of table: String) -> StorageError {
    .invalidArgument(
      name: "rows for table \(table) in transaction \(id)", value: "others than before",
      reason: "one load gives a table whole rows, or rows of some columns, all of them on the same "
        + "terms; let rows that differ name their own columns (a flexible load)")
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

  /// The rows, ready to be committed; the same ones when it is asked again.
  func prepare() throws -> PreparedLoad {
    if let prepared { return prepared }
    var load = PreparedLoad(token: token, parts: [])
    for (_, builder) in builders {
      switch builder {
      case .whole(let builder): load.parts += try builder.prepare().parts
      case .partial(let builder): load.partials += try builder.collected().map { [$0] } ?? []
      }
    }
    for index in load.parts.indices { load.parts[index].isKept = true }
    load = try load.completed(in: store)
    prepared = load
    builders.removeAll()
    return load
  }
}

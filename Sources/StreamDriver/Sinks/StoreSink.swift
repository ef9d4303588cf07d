import ScanKernels
import StorageBase
import TabletEngine
import TabletModel

/// Loads into tables of a store in the same process. Thread-safe.
public struct StoreSink: StreamSink {
  private let store: Store
  /// Tables of the stream, whose versions are watched.
  private let tables: [String]
  /// Nil where columns never change.
  private let schema: SchemaKeeper?

  /// - Parameter tables: those that rows go to.
  public init(_ store: Store, tables: [String]) { self.init(store, tables: tables, schema: nil) }

  init(_ store: Store, tables: [String], schema: SchemaKeeper?) {
    self.store = store
    self.tables = tables
    self.schema = schema
  }

  public func recover(_ recovery: SinkRecovery) throws {
    for load in recovery.pending { try commitAgain(load, recovery) }
    for transaction in store.allTransactions() {
      guard let label = LoadLabel(transaction.label, prefix: recovery.prefix),
        label.checkpoint > recovery.checkpoint
      else { continue }
      switch transaction.state {
      case .aborted: continue
      case .prepare, .precommitted:
        try store.abort(
          transaction: transaction.id, because: "its stream went on from an earlier checkpoint")
      case .committed, .visible: throw alreadyVisible(label, recovery)
      }
    }
  }

  private func commitAgain(_ load: PendingLoad, _ recovery: SinkRecovery) throws {
    do {
      try store.commit(transaction: load.transaction)
    } catch let error as TransactionError {
      if case .notFound = error, recovery.assumesCommitted { return }
      throw StorageError.damaged(
        path: "checkpoint \(recovery.checkpoint)",
        problems: ["load \(load.label) was pre-committed, and now: \(error)"],
        remedy: """
          if its rows are in the table, restart with --assume-committed; if not, they are lost \
          unless the stream is read again from the beginning under another label prefix
          """)
    }
  }

  private func alreadyVisible(_ label: LoadLabel, _ recovery: SinkRecovery) -> StorageError {
    StorageError.damaged(
      path: recovery.checkpoint == 0 ? "the stream" : "checkpoint \(recovery.checkpoint)",
      problems: [
        "load \(label) is of a later checkpoint and visible: its rows would come twice"
      ],
      remedy: "restore the state directory of that run, or choose another label prefix")
  }

  public func begin(_ label: LoadLabel?) throws -> any SinkLoad {
    try StoreSinkLoad(store, label, schema)
  }

  public func commit(_ load: PendingLoad) throws { try store.commit(transaction: load.transaction) }

  public func versionFill() -> Double {
    let limit = Double(max(1, store.options.tabletVersionCountMax))
    let counts = store.snapshot().filter { tables.contains($0.definition.name) }
      .flatMap { $0.tablets.map(\.rowsets.count) }
    return Double(counts.max() ?? 0) / limit
  }
}

private final class StoreSinkLoad: SinkLoad {
  /// Rows that become visible together: of each table such as are written on the same terms.
  private struct Part {
    let transaction: LoadTransaction
    /// By table.
    var terms: [String: RowTerms] = [:]
  }

  /// What rows of one table in one part have in common.
  private enum RowTerms: Hashable {
    case whole
    /// They give these columns.
    case columns([String])
    /// Each names its own.
    case flexible
  }

  private let store: Store
  private let label: LoadLabel?
  private let schema: SchemaKeeper?
  private var parts: [Part] = []

  init(_ store: Store, _ label: LoadLabel?, _ schema: SchemaKeeper?) throws {
    self.store = store
    self.label = label
    self.schema = schema
    try begin()
  }

  private func begin() throws {
    let text = label.map { $0.part(parts.count).description } ?? ""
    parts.append(Part(transaction: try store.begin(label: text)))
  }

  /// The first part that takes rows on such terms.
  private func part(of table: String, _ terms: RowTerms) throws -> LoadTransaction {
    var place = parts.firstIndex { $0.terms[table].map { $0 == terms } ?? true }
    if place == nil {
      try begin()
      place = parts.count - 1
    }
    parts[place ?? 0].terms[table] = terms
    return parts[place ?? 0].transaction
  }

  func append(_ write: TableWrite) throws {
    if let partial = write.partial { return try append(write, partial) }
    let builder = try part(of: write.table, .whole).builder(for: write.table)
    var rows = write.rows
    if let binding = schema?.binding(of: write.table) {
      rows = try builder.schema.bound(rows, by: binding, table: write.table)
    }
    try builder.append(rows, deleteSigns: write.deletions)
  }

  private func append(_ write: TableWrite, _ partial: PartialWrite) throws {
    if partial.isFlexible {
      let builder = try part(of: write.table, .flexible)
        .flexibleBuilder(for: write.table, strategy: partial.strategy)
      let all = try builder.schema.completed(write.rows, given: write.given, table: write.table)
      return try builder.append(all.rows, given: all.given, deleteSigns: write.deletions)
    }
    let names = write.rows.schema.columns.map(\.name)
    try part(of: write.table, .columns(names))
      .partialBuilder(for: write.table, updating: names, strategy: partial.strategy)
      .append(write.rows, deleteSigns: write.deletions)
  }

  func precommit() throws -> [PendingLoad] {
    try parts.map { part in
      try part.transaction.precommit()
      return PendingLoad(label: part.transaction.label, transaction: part.transaction.id)
    }
  }

  func commit() throws {
    while let part = parts.first {
      try part.transaction.commit()
      // Those that are left are committed when it is tried again.
      parts.removeFirst()
    }
  }
}

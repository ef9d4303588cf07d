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
    StoreSinkLoad(try store.begin(label: label.map(\.description) ?? ""), schema)
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
  private let transaction: LoadTransaction
  private let schema: SchemaKeeper?

  init(_ transaction: LoadTransaction, _ schema: SchemaKeeper?) {
    self.transaction = transaction
    self.schema = schema
  }

  func append(_ rows: ColumnBatch, to table: String, deletions: Bitmap?) throws {
    let builder = try transaction.builder(for: table)
    var rows = rows
    if let binding = schema?.binding(of: table) {
      rows = try builder.schema.bound(rows, by: binding, table: table)
    }
    try builder.append(rows, deleteSigns: deletions)
  }

  func precommit() throws -> PendingLoad {
    try transaction.precommit()
    return PendingLoad(label: transaction.label, transaction: transaction.id)
  }

  func commit() throws { try transaction.commit() }
}

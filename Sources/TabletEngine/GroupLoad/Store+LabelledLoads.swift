import ScanKernels
import StorageBase
import TabletModel

/// One load of a client: its rows, and the name it can ask about them by.
public struct LabelledRows: Sendable {
  /// As of `Store.begin(label:timeoutSeconds:)`; empty for none.
  public let label: String
  public let batch: ColumnBatch

  public init(label: String, batch: ColumnBatch) {
    self.label = label
    self.batch = batch
  }
}

// Loads of several clients, each a transaction of its own, that share a version. (Group commit of
// Apache Doris has no labels of clients; see `groupLoad` for loads without.)
extension Store {
  /// Makes loads of several clients visible as one version, durable as the table promises: one
  /// rowset a tablet, one frame of the log. Each is a transaction under its own label, so that a
  /// client which has not heard may send it again and is told; after a crash either all of them
  /// are there or none.
  ///
  /// Rows of one key in several loads count in the order of the loads. The caller waits, and may
  /// be held back as by `commit`. Costs what one load of all the rows costs, and a record of about
  /// 40 bytes for each label. Thread-safe.
  /// - Returns: for each load its receipt, of which versions and bytes are those they share, or why
  ///   it was refused: `TransactionError.labelInUse`, `StorageError.schemaMismatch`, and whatever
  ///   keeps all of them out.
  public func loadTogether(
    _ loads: [LabelledRows], into table: String
  ) -> [Result<CommitReceipt, any Error>] {
    var group = LabelledGroup(loads, store: self, table: table)
    return group.commit()
  }
}

/// Loads on their way into one version. Not thread-safe.
private struct LabelledGroup {
  let loads: [LabelledRows]
  let store: Store
  let table: String
  private var results: [Result<CommitReceipt, any Error>?]

  init(_ loads: [LabelledRows], store: Store, table: String) {
    self.loads = loads
    self.store = store
    self.table = table
    results = Array(repeating: nil, count: loads.count)
  }

  mutating func commit() -> [Result<CommitReceipt, any Error>] {
    do {
      try commitAll()
    } catch {
      for index in loads.indices where results[index] == nil { results[index] = .failure(error) }
    }
    return results.compactMap { $0 }
  }

  private mutating func commitAll() throws {
    let snapshot = try store.snapshot(of: table)
    var members: [(index: Int, load: PreparedLoad)] = []
    let rows = LoadBuilder(
      store: store, table: snapshot,
      token: try store.beginTransaction(label: "", timeoutSeconds: nil))
    for (index, load) in loads.enumerated() {
      let token: TransactionToken
      do {
        token = try store.beginTransaction(label: load.label, timeoutSeconds: nil)
      } catch {
        results[index] = .failure(error)
        continue
      }
      do {
        try rows.append(load.batch)
      } catch {
        // Anything else may have left some of its rows among those of the others.
        guard case StorageError.schemaMismatch = error else { throw error }
        results[index] = .failure(error)
        continue
      }
      members.append((index, PreparedLoad(token: token, parts: [])))
    }
    guard !members.isEmpty else { return }
    do {
      let receipt = try store.commit(rows.prepare(), with: members.map(\.load))
      for member in members {
        results[member.index] = .success(receipt.of(member.load, rows: loads[member.index].batch))
      }
    } catch is TransactionError {
      // One of them was aborted by its id, or by its time-out; the others were not.
      for member in members { results[member.index] = Result { try commitAlone(member) } }
    }
  }

  /// A load of the group as a version of its own.
  private func commitAlone(_ member: (index: Int, load: PreparedLoad)) throws -> CommitReceipt {
    let builder = LoadBuilder(
      store: store, table: try store.snapshot(of: table), token: member.load.token)
    try builder.append(loads[member.index].batch)
    return try store.commit(builder.prepare())
  }
}

extension CommitReceipt {
  /// The receipt of one of the loads that shared what this one is about.
  fileprivate func of(_ load: PreparedLoad, rows: ColumnBatch) -> CommitReceipt {
    var receipt = self
    receipt.transaction = load.transaction
    receipt.rowCount = rows.rowCount
    return receipt
  }
}

extension Store {
  /// Commits rows together with the transactions they belong to.
  fileprivate func commit(
    _ rows: PreparedLoad, with labels: [PreparedLoad]
  ) throws -> CommitReceipt {
    try commitSlowed(.loadTogether(rows, labels: labels), of: rows)
  }
}

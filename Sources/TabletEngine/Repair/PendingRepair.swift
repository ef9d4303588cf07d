import StorageBase
import StorageIO
import TabletModel

/// Finds loads that wait for their second phase and cannot be read. Such a load is aborted: its
/// rowsets have no versions yet, and a part of it must not become visible.
struct PendingRepair {
  let store: Store

  struct Finding {
    let transaction: TransactionID
    let load: PendingLoad
    let examinations: [RowsetID: RowsetExamination]
  }

  /// - Returns: the loads to abort, in order.
  func examine() throws -> [Finding] {
    let catalogue = store.catalogueNow
    return try catalogue.pending.sorted { $0.key < $1.key }.compactMap { id, load in
      var examinations: [RowsetID: RowsetExamination] = [:]
      for (tablet, rowset) in load.parts {
        guard let table = catalogue.table(of: tablet) else { continue }
        examinations[rowset.id] = try RowsetExaminer(
          definition: table.definition, files: store.files, layout: store.layout
        ).examine(rowset)
      }
      guard examinations.values.contains(where: { !$0.isSound }) else { return nil }
      return Finding(transaction: id, load: load, examinations: examinations)
    }
  }

  /// Keeps the files of the loads and says what is lost with them.
  func describe(
    _ findings: [Finding], keepingIn quarantine: Quarantine
  ) throws -> [RepairReport.DamagedRowset] {
    try findings.flatMap { finding in
      try finding.load.parts.map { tablet, rowset in
        RepairReport.DamagedRowset(
          table: store.table(of: tablet)?.definition.name ?? "", tablet: tablet,
          rowset: rowset.id, versions: rowset.summary.versions,
          rowCount: rowset.summary.rowCount, lostRowCount: rowset.summary.rowCount,
          remedy: .aborted, problems: finding.examinations[rowset.id]?.problems ?? [],
          keptFiles: try quarantine.keep(rowset, of: tablet))
      }
    }
  }

  func abort(_ findings: [Finding]) throws {
    for finding in findings {
      try store.abort(transaction: finding.transaction, because: "its rows are damaged")
    }
  }
}

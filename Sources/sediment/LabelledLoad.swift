import IngestDriver
import StorageIO
import TabletEngine

/// All rows of a source as one load with a label.
struct LabelledLoad {
  let store: Store
  let effect: RowEffect
  let label: String
  let isTwoPhase: Bool
  private static let batchRowCount = 1 << 16

  /// - Throws: `TransactionError.labelInUse` when the label has been used; nothing is read then.
  func run(
    from source: any BatchSource, interrupt: InterruptFlag, progress: LoadProgress
  ) throws {
    let load = try effect.begin(in: store, label: label)
    var rowCount = 0
    while let rows = try source.nextRows(maxRows: Self.batchRowCount) {
      // Letting go of the load aborts it.
      guard !interrupt.isSet else { return print("interrupted: nothing of load \(label) is kept") }
      try load.append(rows)
      rowCount += rows.batch.rowCount
      progress.show(rowCount: rowCount)
    }
    let prepared = try load.prepare()
    let receipt = try isTwoPhase ? store.precommit(prepared) : store.commit(prepared)
    progress.finish()
    if isTwoPhase {
      print(
        """
        \(receipt.rowCount) rows pre-committed as transaction \(load.transaction), label \(label): \
        on disk and invisible
        commit with: sediment transactions \(store.path) --commit \(load.transaction)
        """)
    } else {
      print(
        "\(receipt.rowCount) rows in one load into \(effect.table), transaction "
          + "\(load.transaction), \(receipt.durability) \(progress.summary)")
    }
  }
}

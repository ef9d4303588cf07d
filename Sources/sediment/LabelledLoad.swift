import IngestDriver
import StorageIO
import TabletEngine

/// All rows of a source as one load with a label.
struct LabelledLoad {
  let store: Store
  let table: String
  let label: String
  let isTwoPhase: Bool
  private static let batchRowCount = 1 << 16

  /// - Throws: `TransactionError.labelInUse` when the label has been used; nothing is read then.
  func run(
    from source: any BatchSource, interrupt: InterruptFlag, progress: LoadProgress
  ) throws {
    let transaction = try store.begin(label: label)
    let builder = try transaction.builder(for: table)
    var rowCount = 0
    while let batch = try source.nextBatch(maxRows: Self.batchRowCount) {
      // Letting go of the transaction aborts it.
      guard !interrupt.isSet else { return print("interrupted: nothing of load \(label) is kept") }
      try builder.append(batch)
      rowCount += batch.rowCount
      progress.show(rowCount: rowCount)
    }
    let receipt = try isTwoPhase ? transaction.precommit() : transaction.commit()
    progress.finish()
    if isTwoPhase {
      print(
        """
        \(receipt.rowCount) rows pre-committed as transaction \(transaction.id), label \(label): \
        on disk and invisible
        commit with: sediment transactions \(store.path) --commit \(transaction.id)
        """)
    } else {
      print(
        "\(receipt.rowCount) rows in one load into \(table), transaction \(transaction.id), "
          + "\(receipt.durability) \(progress.summary)")
    }
  }
}

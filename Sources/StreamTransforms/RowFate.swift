import ScanKernels
import StorageBase

/// Which rows of a batch a step takes out.
struct RowFate {
  private let batch: StreamBatch
  private(set) var removed: Bitmap?

  init(_ batch: StreamBatch) { self.batch = batch }

  /// Of some rows those that are still there.
  func remaining(of rows: Bitmap) -> Bitmap { removed.map { rows.subtracting($0) } ?? rows }

  private mutating func remove(_ rows: Bitmap) {
    let all = rows.copy()
    if let removed { all.formUnion(removed) }
    removed = all
  }

  /// Takes rows out without a trace.
  mutating func drop(_ rows: Bitmap, _ counters: inout StepCounters) {
    let rows = remaining(of: rows)
    if rows.isEmpty { return }
    counters.rowsDropped += rows.setCount
    remove(rows)
  }

  /// Takes rows out and sends them to the dead letters.
  mutating func divert(
    _ rows: Bitmap, by rule: String, to rejected: inout [RejectedRow],
    _ counters: inout StepCounters, because reason: (Int) -> String
  ) {
    let rows = remaining(of: rows)
    if rows.isEmpty { return }
    rows.forEachSet { rejected.append(batch.rejected($0, by: rule, because: reason($0))) }
    counters.rowsDiverted += rows.setCount
    remove(rows)
  }

  /// The rows that stay, with the columns that the step has made of all.
  func remaining(
    _ columns: [ColumnVector], _ schema: Schema, _ counters: inout StepCounters
  ) -> StreamBatch {
    let all = batch.with(
      ColumnBatch(schema: schema, rowCount: batch.rowCount, columns: columns))
    counters.rowsIn += batch.rowCount
    guard let removed else {
      counters.rowsOut += batch.rowCount
      return all
    }
    let kept = Bitmap.full(count: batch.rowCount)
    kept.subtract(removed)
    let rest = all.keeping(kept)
    counters.rowsOut += rest.rowCount
    return rest
  }
}

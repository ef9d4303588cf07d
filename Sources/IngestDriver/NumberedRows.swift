import ScanKernels
import StorageBase

/// Rows each of which is made from its number alone, counted from 0, without end. Writers take
/// turns with them.
protocol NumberedRows: BatchSourceFactory {
  /// - Parameter builders: of the columns of the schema, in their order.
  func append(row number: Int, to builders: [ColumnBuilder])
}

/// The rows of one writer, which takes turns with the others. Not thread-safe.
final class NumberedRowSource<Rows: NumberedRows>: BatchSource {
  private let rows: Rows
  /// The number of the next row, and how far the one after it is from that.
  private var next: Int
  private let step: Int

  init(_ rows: Rows, writer: Int, writerCount: Int) {
    self.rows = rows
    next = writer
    step = writerCount
  }

  var schema: Schema { rows.schema }

  func nextBatch(maxRows: Int) -> ColumnBatch? {
    let builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: maxRows) }
    for _ in 0..<maxRows {
      rows.append(row: next, to: builders)
      next += step
    }
    return ColumnBatch(
      schema: schema, rowCount: maxRows, columns: builders.map { $0.finish() })
  }
}

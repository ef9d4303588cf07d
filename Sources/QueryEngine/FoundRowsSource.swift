import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// Rows that were looked up by their keys, as one page of a piece of their table. Thread-safe.
struct FoundRowsSource: ScanSource {
  let rows: FoundRows
  /// Of the table.
  let schema: Schema

  var rowCount: Int { rows.count }
  var pageCount: Int { rows.count == 0 ? 0 : 1 }
  func rowRange(ofPage page: Int) -> Range<Int> { 0..<rows.count }
  func bounds(ofColumn column: Int) -> ValueBounds? { nil }
  func bounds(ofColumn column: Int, page: Int) -> ValueBounds? { nil }
  var isAltered: Bool { false }
  func liveRows(in range: Range<Int>) -> Bitmap? { nil }

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    var pageWork = PageWork()
    defer { work.add(pageWork) }
    return try rows.column(column, work: &pageWork)
  }
}

import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// A segment some of whose rows have been deleted for the snapshot it is read through. Thread-safe.
struct LiveSegmentSource: PrunableSource {
  let reader: SegmentReader
  let deleted: DeletedRows

  var schema: Schema { reader.schema }
  var rowCount: Int { reader.rowCount }
  var pageCount: Int { reader.pageCount }
  func rowRange(ofPage page: Int) -> Range<Int> { reader.rowRange(ofPage: page) }
  func bounds(ofColumn column: Int) -> ValueBounds? { reader.bounds(ofColumn: column) }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    try reader.bounds(ofColumn: column, page: page)
  }

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    try reader.readPage(column: column, page: page, work: &work)
  }

  func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    try reader.readPage(column: column, page: page, rows: rows, work: &work)
  }

  var hasDeletedRows: Bool { true }
  func liveRows(in range: Range<Int>) -> Bitmap? { deleted.live(in: range) }

  var path: String { reader.path }
  var rowsPerPage: Int { reader.rowsPerPage }

  func pageRange(from low: [Value], through high: [Value]) throws -> Range<Int> {
    try reader.pageRange(from: low, through: high)
  }

  func mayContain(column: Int, value: Value) throws -> Bool {
    try reader.mayContain(column: column, value: value)
  }

  func mayContain(column: Int, substring: String) throws -> Bool {
    try reader.mayContain(column: column, substring: substring)
  }

  func invertedIndex(ofColumn column: Int) -> SegmentBlock? {
    reader.invertedIndex(ofColumn: column)
  }
}

extension LiveSegment {
  /// The rows that are there.
  func source() throws -> any ScanSource {
    let reader = try segment.reader()
    return deleted.map { LiveSegmentSource(reader: reader, deleted: $0) } ?? reader
  }
}

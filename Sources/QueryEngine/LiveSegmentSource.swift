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

  var isAltered: Bool { true }
  func liveRows(in range: Range<Int>) -> Bitmap? { deleted.live(in: range) }

  func removeDeleted(from selection: Bitmap, of range: Range<Int>) {
    deleted.remove(from: selection, of: range)
  }

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
  /// The rows that are there, with the values they have.
  /// - Parameter schema: of the table.
  func source(_ schema: Schema) throws -> any ScanSource {
    let reader = try segment.reader()
    if let deleted {
      return try patched(LiveSegmentSource(reader: reader, deleted: deleted), schema)
    }
    return try patched(reader, schema)
  }

  private func patched(
    _ base: some PrunableSource, _ schema: Schema
  ) throws -> any ScanSource {
    guard let patched else { return base }
    if let fitted = try FittedSource(base, to: schema) {
      return try PatchedSource(base: fitted, patches: patched)
    }
    return try PatchedSource(base: base, patches: patched)
  }
}

import ScanKernels
import StorageBase

/// An immutable piece of a table that a query can read page by page: a segment, or rows in memory.
/// All columns are cut into pages at the same row ordinals. Thread-safe.
///
/// Columns and pages are named by position in `schema` and in the piece.
public protocol ScanSource: Sendable {
  /// The schema the rows were written with; columns are matched with the query's by id.
  var schema: Schema { get }
  var rowCount: Int { get }
  var pageCount: Int { get }
  func rowRange(ofPage page: Int) -> Range<Int>
  /// What is known of a whole column; nil when nothing is.
  func bounds(ofColumn column: Int) -> ValueBounds?
  /// What is known of one page of a column; nil when nothing is.
  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds?
  /// Decodes one page of a column, into a narrow vector where that is less work, and counts what
  /// it cost in `work`.
  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector
  /// The same of some rows of the page only, in their order, each below its row count.
  func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector
  /// Whether rows are not there for the query, or have other values. What is known without reading
  /// is true of these as well, so that it is no exact count or value.
  var isAltered: Bool { get }
  /// The rows of a range that are there, the first one at bit 0; nil for all.
  func liveRows(in range: Range<Int>) -> Bitmap?
  /// Takes the rows that are not there out of a selection of the rows of a range.
  /// - Parameter selection: nobody else's; changed in place.
  func removeDeleted(from selection: Bitmap, of range: Range<Int>)
  /// The same rows for one thread that reads its pages one after another, all it wants of a page
  /// before the next: it may remember what it has decoded.
  func forOneThread() -> any ScanSource
}

extension ScanSource {
  public func forOneThread() -> any ScanSource { self }

  public func removeDeleted(from selection: Bitmap, of range: Range<Int>) {
    if let live = liveRows(in: range) { selection.formIntersection(live) }
  }

  public func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    try readPage(column: column, page: page, work: &work).gather(rows)
  }
}

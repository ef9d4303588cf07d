import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// A segment some of whose rows have new values of some columns for the snapshot it is read
/// through. Of these columns zone maps are widened, and filters and indexes are not asked.
/// Thread-safe.
struct PatchedSource<Base: PrunableSource>: PrunableSource {
  /// Of the schema of the table.
  let base: Base
  private let patches: PatchedRows
  /// By column, whether there are new values of it.
  private let isPatched: [Bool]

  /// - Throws: what opening the deltas throws.
  init(base: Base, patches: PatchedRows) throws {
    self.base = base
    self.patches = patches
    let columns = try patches.columns()
    isPatched = base.schema.columns.map { columns.contains($0.id) }
  }

  var schema: Schema { base.schema }
  var rowCount: Int { base.rowCount }
  var pageCount: Int { base.pageCount }
  func rowRange(ofPage page: Int) -> Range<Int> { base.rowRange(ofPage: page) }
  var isAltered: Bool { true }
  func liveRows(in range: Range<Int>) -> Bitmap? { base.liveRows(in: range) }

  // MARK: What is known without reading

  func bounds(ofColumn column: Int) -> ValueBounds? {
    let bounds = base.bounds(ofColumn: column)
    return isPatched[column] ? widened(bounds, column) : bounds
  }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    let bounds = try base.bounds(ofColumn: column, page: page)
    guard isPatched[column],
      try patches.contains(schema.columns[column], rows: rowRange(ofPage: page))
    else { return bounds }
    return widened(bounds, column)
  }

  private func widened(_ bounds: ValueBounds?, _ column: Int) -> ValueBounds? {
    do {
      return try patches.zoneMaps(of: schema.columns[column]).reduce(bounds) { bounds, other in
        bounds?.union(other.bounds)
      }
    } catch {
      // Whoever reads the values will say so.
      return nil
    }
  }

  var path: String { base.path }
  var rowsPerPage: Int { base.rowsPerPage }

  func pageRange(from low: [Value], through high: [Value]) throws -> Range<Int> {
    // Key columns have no new values.
    try base.pageRange(from: low, through: high)
  }

  func mayContain(column: Int, value: Value) throws -> Bool {
    try isPatched[column] || base.mayContain(column: column, value: value)
  }

  func mayContain(column: Int, substring: String) throws -> Bool {
    try isPatched[column] || base.mayContain(column: column, substring: substring)
  }

  func invertedIndex(ofColumn column: Int) -> SegmentBlock? {
    isPatched[column] ? nil : base.invertedIndex(ofColumn: column)
  }

  // MARK: Reading

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    let vector = try base.readPage(column: column, page: page, work: &work)
    guard isPatched[column] else { return vector }
    return try patches.apply(
      to: vector, of: schema.columns[column], rows: rowRange(ofPage: page))
  }

  func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    let vector = try base.readPage(column: column, page: page, rows: rows, work: &work)
    guard isPatched[column] else { return vector }
    let first = UInt32(rowRange(ofPage: page).lowerBound)
    return try patches.apply(
      to: vector, of: schema.columns[column], rows: rows.map { first + $0 })
  }
}

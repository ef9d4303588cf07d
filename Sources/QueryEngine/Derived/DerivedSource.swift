import ScanKernels
import SegmentFormat
import StorageBase

/// A piece of a table with derived columns, which come after its own. Thread-safe.
struct DerivedSource: ScanSource {
  let base: any ScanSource
  let schema: Schema
  private let derived: DerivedColumns
  /// Where each column of the query's schema is in this one; nil when the piece does not have it.
  private let positions: [Int?]
  /// Nil when it is shared by threads.
  private var decoded: DecodedPage?

  init(_ base: any ScanSource, _ derived: DerivedColumns) throws {
    self.base = base
    self.derived = derived
    let schema = try Schema(
      columns: base.schema.columns + derived.columns.map(\.column),
      sortKeyCount: base.schema.sortKeyCount, keysModel: base.schema.keysModel)
    self.schema = schema
    positions = derived.schema.columns.map { schema.index(of: $0.id) }
  }

  func forOneThread() -> any ScanSource {
    var source = self
    source.decoded = DecodedPage()
    return source
  }

  var rowCount: Int { base.rowCount }
  var pageCount: Int { base.pageCount }
  func rowRange(ofPage page: Int) -> Range<Int> { base.rowRange(ofPage: page) }
  var isAltered: Bool { base.isAltered }
  func liveRows(in range: Range<Int>) -> Bitmap? { base.liveRows(in: range) }

  /// Which of the derived columns it is; nil for a stored one.
  func derivedOrdinal(_ column: Int) -> Int? {
    let ordinal = column - base.schema.columns.count
    return ordinal >= 0 ? ordinal : nil
  }

  func bounds(ofColumn column: Int) -> ValueBounds? {
    guard let ordinal = derivedOrdinal(column) else { return base.bounds(ofColumn: column) }
    return derived.columns[ordinal].bounds { index in
      guard let position = positions[index] else { return .nulls(rowCount: rowCount) }
      return bounds(ofColumn: position)
    }
  }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    guard let ordinal = derivedOrdinal(column) else {
      return try base.bounds(ofColumn: column, page: page)
    }
    return try derived.columns[ordinal].bounds { try input($0, boundsOfPage: page) }
  }

  private func input(_ index: Int, boundsOfPage page: Int) throws -> ValueBounds? {
    guard let position = positions[index] else {
      return .nulls(rowCount: rowRange(ofPage: page).count)
    }
    return try bounds(ofColumn: position, page: page)
  }

  /// What others are computed from is decoded once by each thread that has its own source.
  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    if let known = decoded?.vector(page: page, column: column) { return known }
    let vector =
      if let ordinal = derivedOrdinal(column) {
        try compute(
          ordinal, page: page, rowCount: rowRange(ofPage: page).count, work: &work,
          read: readPage(column:page:work:))
      } else {
        try base.readPage(column: column, page: page, work: &work)
      }
    decoded?.keep(vector, page: page, column: column)
    return vector
  }

  func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    if let known = decoded?.vector(page: page, column: column) {
      return known.gather(rows)
    }
    guard let ordinal = derivedOrdinal(column) else {
      return try base.readPage(column: column, page: page, rows: rows, work: &work)
    }
    return try compute(ordinal, page: page, rowCount: rows.count, work: &work) {
      try readPage(column: $0, page: $1, rows: rows, work: &$2)
    }
  }

  /// - Parameter read: gives a column of the rows wanted.
  private func compute(
    _ ordinal: Int, page: Int, rowCount: Int, work: inout ScanWork,
    read: (Int, Int, inout ScanWork) throws -> ColumnVector
  ) throws -> ColumnVector {
    var total = work
    defer { work = total }
    return try derived.columns[ordinal].vector(
      rowCount: rowCount, bounds: { try input($0, boundsOfPage: page) },
      column: { index in
        guard let position = positions[index] else {
          let builder = ColumnBuilder(type: derived.schema.columns[index].type, capacity: rowCount)
          for _ in 0..<rowCount { builder.appendNull() }
          return builder.finish()
        }
        return try read(position, page, &total).widened()
      })
  }
}

/// The same of a segment, whose keys, filters and indexes answer for its own columns as they would
/// without the derived ones. Thread-safe.
struct PrunableDerivedSource: PrunableSource {
  let base: any PrunableSource
  let columns: DerivedSource

  var schema: Schema { columns.schema }
  var rowCount: Int { base.rowCount }
  var pageCount: Int { base.pageCount }
  func rowRange(ofPage page: Int) -> Range<Int> { base.rowRange(ofPage: page) }
  var isAltered: Bool { base.isAltered }
  func liveRows(in range: Range<Int>) -> Bitmap? { base.liveRows(in: range) }
  func bounds(ofColumn column: Int) -> ValueBounds? { columns.bounds(ofColumn: column) }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    try columns.bounds(ofColumn: column, page: page)
  }

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    try columns.readPage(column: column, page: page, work: &work)
  }

  func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    try columns.readPage(column: column, page: page, rows: rows, work: &work)
  }

  func forOneThread() -> any ScanSource { columns.forOneThread() }

  var path: String { base.path }
  var rowsPerPage: Int { base.rowsPerPage }

  func pageRange(from low: [Value], through high: [Value]) throws -> Range<Int> {
    try base.pageRange(from: low, through: high)
  }

  func mayContain(column: Int, value: Value) throws -> Bool {
    try columns.derivedOrdinal(column) != nil || base.mayContain(column: column, value: value)
  }

  func mayContain(column: Int, substring: String) throws -> Bool {
    try columns.derivedOrdinal(column) != nil
      || base.mayContain(column: column, substring: substring)
  }

  func invertedIndex(ofColumn column: Int) -> SegmentBlock? {
    columns.derivedOrdinal(column) == nil ? base.invertedIndex(ofColumn: column) : nil
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

extension SegmentReader {
  /// How the segment, which may be older than its table's schema, serves a column of that.
  /// - Throws: `StorageError.corrupt` when it should have the column and has none of that id, or
  ///   holds it as a type that is not widened to the column's.
  func requireFit(of column: Column) throws -> ColumnFit {
    if let fit = schema.fit(of: column) { return fit }
    let found = schema.index(of: column.id).map { "\(schema.columns[$0].type)" }
    throw StorageError.corrupt(
      file: path, offset: 0, what: "segment schema",
      expected: "column \(column.name) of type \(column.type)", found: found ?? "none of its id")
  }

  /// The rows of one page of a column of the table, of its type there.
  /// - Parameter rows: only these rows of the page, in this order; nil for all.
  /// - Throws: as `requireFit`, and what reading the page throws.
  func readPage(
    of column: Column, page: Int, rows: [UInt32]? = nil, work: inout PageWork
  ) throws -> ColumnVector {
    switch try requireFit(of: column) {
    case .stored(let position):
      try readPage(column: position, page: page, rows: rows, work: &work)
    case .widened(let position):
      try readPage(column: position, page: page, rows: rows, work: &work).converted(to: column.type)
    case .constant(let value):
      .constant(value, type: column.type, count: rows?.count ?? rowRange(ofPage: page).count)
    }
  }
}

import ScanKernels
import StorageBase

/// The columns of one page after another of a segment, decoded on first use. Not thread-safe.
final class PageColumns {
  private let source: any ScanSource
  private let schema: Schema
  private let positions: [Int?]
  private var page = 0
  private var rowCount = 0
  /// By position in the schema.
  private var decoded: [ColumnVector?]
  private(set) var work = ScanWork()

  init(_ source: any ScanSource, _ schema: Schema, _ positions: [Int?]) {
    self.source = source.forOneThread()
    self.schema = schema
    self.positions = positions
    decoded = Array(repeating: nil, count: positions.count)
  }

  /// Turns to another page; what has been done so far is forgotten.
  func begin(page: Int, rowCount: Int) {
    self.page = page
    self.rowCount = rowCount
    for index in decoded.indices { decoded[index] = nil }
    work = ScanWork()
  }

  func column(_ index: Int) throws -> ColumnVector {
    if let known = decoded[index] { return known }
    let vector =
      try positions[index].map { try source.readPage(column: $0, page: page, work: &work) }
      ?? nulls(index, count: rowCount)
    decoded[index] = vector
    return vector
  }

  /// Some rows of a column, which need not be decoded whole for that.
  func column(_ index: Int, rows: [UInt32]) throws -> ColumnVector {
    if let known = decoded[index] { return known.gather(rows) }
    guard let position = positions[index] else { return nulls(index, count: rows.count) }
    return try source.readPage(column: position, page: page, rows: rows, work: &work)
  }

  /// A column that was added after the segment was written.
  private func nulls(_ index: Int, count: Int) -> ColumnVector {
    let builder = ColumnBuilder(type: schema.columns[index].type, capacity: count)
    for _ in 0..<count { builder.appendNull() }
    return builder.finish()
  }

  /// What zone maps know of a column of this page; nil for nothing.
  func bounds(_ index: Int) throws -> ValueBounds? {
    guard let position = positions[index] else { return .nulls(rowCount: rowCount) }
    return try source.bounds(ofColumn: position, page: page)
  }
}

import ScanKernels
import StorageBase

/// The columns of one page, decoded on first use. Not thread-safe.
final class PageColumns {
  private let source: any ScanSource
  private let schema: Schema
  private let positions: [Int?]
  private let page: Int
  private let rowCount: Int
  /// By position in the schema.
  private var decoded: [ColumnVector?]
  private(set) var work = ScanWork()

  init(
    _ source: any ScanSource, _ schema: Schema, _ positions: [Int?], page: Int, rowCount: Int
  ) {
    self.source = source
    self.schema = schema
    self.positions = positions
    self.page = page
    self.rowCount = rowCount
    decoded = Array(repeating: nil, count: positions.count)
  }

  func column(_ index: Int) throws -> ColumnVector {
    if let known = decoded[index] { return known }
    let vector: ColumnVector
    if let position = positions[index] {
      vector = try source.readPage(column: position, page: page, work: &work)
    } else {
      // A column that was added after the segment was written.
      let builder = ColumnBuilder(type: schema.columns[index].type, capacity: rowCount)
      for _ in 0..<rowCount { builder.appendNull() }
      vector = builder.finish()
    }
    decoded[index] = vector
    return vector
  }

  /// What zone maps know of a column of this page; nil for nothing.
  func bounds(_ index: Int) throws -> ValueBounds? {
    guard let position = positions[index] else { return .nulls(rowCount: rowCount) }
    return try source.bounds(ofColumn: position, page: page)
  }
}

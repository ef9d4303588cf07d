import ScanKernels
import SegmentFormat
import StorageBase

/// A piece of a table that was written under an older schema, as one of the table's schema: with
/// its names and types, with constants for the columns that were added since, and without those
/// that were dropped. Thread-safe.
struct FittedSource<Base: ScanSource>: ScanSource {
  let base: Base
  let schema: Schema
  private let fits: [ColumnFit]

  /// Nil when the piece has every column as the table has it, so that it can be read as it is, or
  /// when its keys are others, so that it is no older piece of the table.
  init?(_ base: Base, to table: Schema) throws {
    let own = base.schema
    guard !own.isRead(as: table), own.keys == table.keys else { return nil }
    var columns: [Column] = []
    var fits: [ColumnFit] = []
    for column in table.columns {
      // A column that must be there and is not, or is not as it should, is for others to refuse.
      guard let fit = own.fit(of: column) else {
        guard let position = own.index(of: column.id) else { continue }
        columns.append(own.columns[position])
        fits.append(.stored(position))
        continue
      }
      var isNullable = column.isNullable
      if case .stored(let position) = fit { isNullable = own.columns[position].isNullable }
      if case .widened(let position) = fit { isNullable = own.columns[position].isNullable }
      columns.append(
        Column(id: column.id, name: column.name, type: column.type, isNullable: isNullable))
      fits.append(fit)
    }
    self.base = base
    self.fits = fits
    schema = try Schema(
      columns: columns, sortKeyCount: table.sortKeyCount, keysModel: table.keysModel)
  }

  var rowCount: Int { base.rowCount }
  var pageCount: Int { base.pageCount }
  func rowRange(ofPage page: Int) -> Range<Int> { base.rowRange(ofPage: page) }
  var isAltered: Bool { base.isAltered }
  func liveRows(in range: Range<Int>) -> Bitmap? { base.liveRows(in: range) }

  func bounds(ofColumn column: Int) -> ValueBounds? {
    switch fits[column] {
    case .stored(let position), .widened(let position): base.bounds(ofColumn: position)
    case .constant(let value): .constant(value, rowCount: rowCount)
    }
  }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    switch fits[column] {
    case .stored(let position), .widened(let position):
      try base.bounds(ofColumn: position, page: page)
    case .constant(let value): .constant(value, rowCount: rowRange(ofPage: page).count)
    }
  }

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    let type = schema.columns[column].type
    switch fits[column] {
    case .stored(let position): return try base.readPage(column: position, page: page, work: &work)
    case .widened(let position):
      return try base.readPage(column: position, page: page, work: &work).converted(to: type)
    case .constant(let value):
      return .constant(value, type: type, count: rowRange(ofPage: page).count)
    }
  }

  func readPage(
    column: Int, page: Int, rows: [UInt32], work: inout ScanWork
  ) throws -> ColumnVector {
    let type = schema.columns[column].type
    switch fits[column] {
    case .stored(let position):
      return try base.readPage(column: position, page: page, rows: rows, work: &work)
    case .widened(let position):
      return try base.readPage(column: position, page: page, rows: rows, work: &work)
        .converted(to: type)
    case .constant(let value): return .constant(value, type: type, count: rows.count)
    }
  }
}

extension FittedSource: PrunableSource where Base: PrunableSource {
  var path: String { base.path }
  var rowsPerPage: Int { base.rowsPerPage }

  func pageRange(from low: [Value], through high: [Value]) throws -> Range<Int> {
    try base.pageRange(from: low, through: high)
  }

  func mayContain(column: Int, value: Value) throws -> Bool {
    switch fits[column] {
    case .stored(let position), .widened(let position):
      try base.mayContain(column: position, value: value)
    case .constant: true
    }
  }

  func mayContain(column: Int, substring: String) throws -> Bool {
    guard case .stored(let position) = fits[column] else { return true }
    return try base.mayContain(column: position, substring: substring)
  }

  /// Of a column that was widened there is none: it knows values of the narrower type only.
  func invertedIndex(ofColumn column: Int) -> SegmentBlock? {
    guard case .stored(let position) = fits[column] else { return nil }
    return base.invertedIndex(ofColumn: position)
  }
}

extension ScanSource {
  /// The piece under the schema of its table.
  func fitted(to table: Schema) throws -> any ScanSource {
    try FittedSource(self, to: table) ?? self
  }
}

extension Schema {
  fileprivate var keys: [ColumnID] { columns[..<sortKeyCount].map(\.id) }

  /// Whether rows of this schema are those of `table` as they are: it has the same columns of the
  /// same types and names.
  fileprivate func isRead(as table: Schema) -> Bool {
    guard columns.count == table.columns.count else { return false }
    for index in columns.indices {
      let (own, other) = (columns[index], table.columns[index])
      guard own.id == other.id, own.type == other.type, own.name == other.name else {
        return false
      }
    }
    return true
  }
}

extension ValueBounds {
  /// The bounds of rows that all have one value.
  fileprivate static func constant(_ value: Value, rowCount: Int) -> ValueBounds {
    value.isNull
      ? .nulls(rowCount: rowCount)
      : ValueBounds(
        lower: value, upper: value, nullCount: 0, rowCount: rowCount, isLowerExact: true,
        isUpperExact: true)
  }
}

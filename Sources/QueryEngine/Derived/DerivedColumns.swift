import ScanKernels
import StorageBase

/// The derived columns of a query, fitted to the schema of its table. Immutable and thread-safe.
struct DerivedColumns: Sendable {
  /// The columns of the table, then the derived ones.
  let schema: Schema
  let columns: [BoundDerivedColumn]

  /// - Throws: `StorageError.invalidSchema` for a name that the table has, and what
  ///   `BoundDerivedColumn.init` throws.
  init(
    _ derived: [DerivedColumn], table: Schema, analyzers: TextAnalyzers = .standard
  ) throws {
    var schema = table
    var columns: [BoundDerivedColumn] = []
    for (index, column) in derived.enumerated() {
      // From the end, so that they do not meet the ids of the table.
      let id = ColumnID(rawValue: .max - UInt32(index))
      columns.append(try BoundDerivedColumn(column, schema: schema, id: id, analyzers: analyzers))
      schema = try Schema(
        columns: table.columns + columns.map(\.column), sortKeyCount: table.sortKeyCount,
        keysModel: table.keysModel)
    }
    self.schema = schema
    self.columns = columns
  }

  /// The same rows with the derived columns beside those stored.
  func source(over base: any ScanSource) throws -> any ScanSource {
    if columns.isEmpty { return base }
    return try DerivedSource(base, self)
  }
}

/// A piece of a table with derived columns. What they are computed from is decoded for each of
/// them, and counted. Immutable and thread-safe.
private struct DerivedSource: ScanSource {
  let base: any ScanSource
  let schema: Schema
  private let derived: DerivedColumns
  /// Where each column of the query's schema is in this one; nil when the piece does not have it.
  private let positions: [Int?]

  init(_ base: any ScanSource, _ derived: DerivedColumns) throws {
    self.base = base
    self.derived = derived
    let schema = try Schema(
      columns: base.schema.columns + derived.columns.map(\.column),
      sortKeyCount: base.schema.sortKeyCount, keysModel: base.schema.keysModel)
    self.schema = schema
    positions = derived.schema.columns.map { schema.index(of: $0.id) }
  }

  var rowCount: Int { base.rowCount }
  var pageCount: Int { base.pageCount }
  func rowRange(ofPage page: Int) -> Range<Int> { base.rowRange(ofPage: page) }

  func bounds(ofColumn column: Int) -> ValueBounds? {
    guard column >= base.schema.columns.count else { return base.bounds(ofColumn: column) }
    return derived.columns[column - base.schema.columns.count].bounds { index in
      guard let position = positions[index] else { return .nulls(rowCount: rowCount) }
      return bounds(ofColumn: position)
    }
  }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    guard column >= base.schema.columns.count else {
      return try base.bounds(ofColumn: column, page: page)
    }
    return try derived.columns[column - base.schema.columns.count].bounds { index in
      try input(index, boundsOfPage: page)
    }
  }

  private func input(_ index: Int, boundsOfPage page: Int) throws -> ValueBounds? {
    guard let position = positions[index] else {
      return .nulls(rowCount: rowRange(ofPage: page).count)
    }
    return try bounds(ofColumn: position, page: page)
  }

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    guard column >= base.schema.columns.count else {
      return try base.readPage(column: column, page: page, work: &work)
    }
    let count = rowRange(ofPage: page).count
    var total = work
    defer { work = total }
    return try derived.columns[column - base.schema.columns.count].vector(
      rowCount: count, bounds: { try input($0, boundsOfPage: page) },
      column: { index in
        guard let position = positions[index] else {
          let builder = ColumnBuilder(type: derived.schema.columns[index].type, capacity: count)
          for _ in 0..<count { builder.appendNull() }
          return builder.finish()
        }
        return try readPage(column: position, page: page, work: &total).widened()
      })
  }
}

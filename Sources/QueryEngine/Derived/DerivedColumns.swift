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
    let source = try DerivedSource(base, self)
    guard let base = base as? any PrunableSource else { return source }
    return PrunableDerivedSource(base: base, columns: source)
  }
}

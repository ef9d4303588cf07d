import IngestDriver

/// What the rows of a text are, and whether changes of their columns are among them. Immutable and
/// thread-safe.
struct RowText: Sendable {
  /// Of the rows at the beginning.
  let first: InputMapping
  private let changes: SchemaChangeSpec?
  /// Nil where changes are not looked for.
  let finder: SchemaEventFinder?
  /// The columns at the beginning, where they may change.
  let firstColumns: RowColumns?

  /// - Parameter changes: nil where they are not looked for.
  /// - Throws: `StorageError.invalidArgument` for changes among rows that are not lines of JSON.
  init(_ mapping: InputMapping, changes: SchemaChangeSpec?) throws {
    first = mapping
    self.changes = changes
    finder = changes.map { _ in SchemaEventFinder() }
    firstColumns = try changes.map { try mapping.rowColumns(at: $0.rows) }
  }

  /// Between two of these a line end is no end of a row; nil where it always is.
  var quote: UInt8? { first.json == nil ? first.dialect.quote : nil }

  /// - Parameter columns: nil for those of the beginning.
  func mapping(_ columns: RowColumns?) throws -> InputMapping {
    try columns.map { try first.with($0, at: changes?.rows) } ?? first
  }
}

import IngestDriver
import StorageBase

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

  /// - Parameter content: what is in it besides rows of fixed columns.
  /// - Throws: `StorageError.invalidArgument` for changes among rows that are not lines of JSON,
  ///   and where such rows are to name their own columns.
  init(_ mapping: InputMapping, _ content: TextContent) throws {
    var mapping = mapping
    if content.rowsNameColumns {
      guard mapping.json != nil else {
        throw StorageError.invalidArgument(
          name: "partial", value: "flexible",
          reason: "rows of delimited text do not name their columns; those of JSON do")
      }
      mapping.json?.namesOwnColumns = true
    }
    first = mapping
    let changes = content.changes
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

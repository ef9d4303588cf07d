/// What is in the texts of a source besides rows of fixed columns. A value.
public struct TextContent: Hashable, Sendable {
  /// What becomes of changes of columns; nil where they are not looked for.
  public var changes: SchemaChangeSpec?
  /// Whether each row has the columns that it names, and lacks the others, instead of holding null
  /// or their default there. For rows of JSON.
  public var rowsNameColumns: Bool

  public init(changes: SchemaChangeSpec? = nil, rowsNameColumns: Bool = false) {
    self.changes = changes
    self.rowsNameColumns = rowsNameColumns
  }
}

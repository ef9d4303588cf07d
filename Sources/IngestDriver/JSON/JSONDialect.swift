/// How rows of JSON lie in a text: an object on each line unless told.
public struct JSONDialect: Hashable, Sendable {
  /// Whether the objects are the elements of one array, which may be spread over lines.
  public var hasOuterArray: Bool
  /// Whether a row may leave out any column that is not in the sort key, for loads in which each
  /// row names its own columns. `InputRows.given` says what it names; an absent one has no default
  /// then, and is null whatever the column.
  public var namesOwnColumns: Bool

  public init(hasOuterArray: Bool = false, namesOwnColumns: Bool = false) {
    self.hasOuterArray = hasOuterArray
    self.namesOwnColumns = namesOwnColumns
  }
}

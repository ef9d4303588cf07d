/// How rows that were written under one schema of a table serve a column of another, later one.
public enum ColumnFit: Hashable, Sendable {
  /// It is at this position, of the same type.
  case stored(Int)
  /// It is at this position, of a type that is widened to the later one.
  case widened(Int)
  /// It was added afterwards: every row has this value.
  case constant(Value)
}

extension Schema {
  /// How rows of this schema serve a column of a later one; nil when they cannot: they have none of
  /// its id and it has no default, or they hold it as a type that is not widened to its own.
  /// Linear in the number of columns.
  public func fit(of column: Column) -> ColumnFit? {
    guard let position = index(of: column.id) else {
      return column.defaultValue.map { .constant($0) }
    }
    let type = columns[position].type
    if type == column.type { return .stored(position) }
    return type.widens(to: column.type) ? .widened(position) : nil
  }
}

import StorageBase

/// A change of a table's columns that leaves its rows on disk as they are (light schema change of
/// Apache Doris).
public enum SchemaChange: Hashable, Sendable {
  /// Adds a column of values. Rows that are there have the default in it, or null where there is
  /// none, which a column that must not be null does not allow.
  ///
  /// - Parameter after: the column it comes after: the last of the sort key or a later one; nil for
  ///   the end.
  case addColumn(
    name: String, type: DataType, isNullable: Bool = true, defaultValue: Value? = nil,
    after: String? = nil)
  /// Removes a column with its filters and its index. Its values stay in segments until they are
  /// merged, and come back in no column of that name.
  case dropColumn(String)
  case renameColumn(String, to: String)
  /// Changes the type to one that has all values of the present one (`DataType.widens`).
  case widenColumn(String, to: DataType)
  /// Lets a column hold nulls.
  case makeNullable(String)
}

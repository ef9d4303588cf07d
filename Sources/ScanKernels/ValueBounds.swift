import StorageBase

/// What is known of the values of one column in some rows without reading them: a zone map.
public struct ValueBounds: Hashable, Sendable {
  /// No non-null value is below; null when every row is null. Strings may be cut short.
  public let lower: Value
  /// No non-null value is above; nil when no such bound is known.
  public let upper: Value?
  public let nullCount: Int
  public let rowCount: Int

  public init(lower: Value, upper: Value?, nullCount: Int, rowCount: Int) {
    self.lower = lower
    self.upper = upper
    self.nullCount = nullCount
    self.rowCount = rowCount
  }

  /// The bounds of a column that holds nothing but nulls.
  public static func nulls(rowCount: Int) -> ValueBounds {
    ValueBounds(lower: .null, upper: .null, nullCount: rowCount, rowCount: rowCount)
  }

  var isAllNull: Bool { nullCount == rowCount }
}

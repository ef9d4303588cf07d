import StorageBase

/// What is known of the values of one column in some rows without reading them: a zone map.
public struct ValueBounds: Hashable, Sendable {
  /// No non-null value is below; null when every row is null. Strings may be cut short.
  public let lower: Value
  /// No non-null value is above; nil when no such bound is known.
  public let upper: Value?
  public let nullCount: Int
  public let rowCount: Int
  /// Whether `lower` is the least value of the rows, not merely a bound below it.
  public let isLowerExact: Bool
  /// Whether `upper` is the greatest value of the rows, not merely a bound above it.
  public let isUpperExact: Bool

  public init(
    lower: Value, upper: Value?, nullCount: Int, rowCount: Int, isLowerExact: Bool = false,
    isUpperExact: Bool = false
  ) {
    self.lower = lower
    self.upper = upper
    self.nullCount = nullCount
    self.rowCount = rowCount
    self.isLowerExact = isLowerExact
    self.isUpperExact = isUpperExact
  }

  /// The bounds of a column that holds nothing but nulls.
  public static func nulls(rowCount: Int) -> ValueBounds {
    ValueBounds(lower: .null, upper: .null, nullCount: rowCount, rowCount: rowCount)
  }

  var isAllNull: Bool { nullCount == rowCount }
}

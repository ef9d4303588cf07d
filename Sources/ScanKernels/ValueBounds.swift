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

  /// What is true of the values of both, whatever rows of the first have values of the second
  /// instead; nil when nothing is known of them.
  public func union(_ other: ValueBounds) -> ValueBounds? {
    let mayBeNull = nullCount > 0 || other.nullCount > 0
    guard !isAllNull || !other.isAllNull else { return self }
    // A count of nulls says that some rows are null, and some are not.
    guard !mayBeNull || rowCount > 1 else { return nil }
    let bounded = [self, other].filter { !$0.isAllNull }
    let lower = bounded.map(\.lower).reduce(bounded[0].lower) { $1.precedes($0) ? $1 : $0 }
    var upper = bounded[0].upper
    for next in bounded.dropFirst().map(\.upper) {
      guard let known = upper, let next else {
        upper = nil
        break
      }
      upper = known.precedes(next) ? next : known
    }
    return ValueBounds(
      lower: lower, upper: upper, nullCount: mayBeNull ? 1 : 0, rowCount: rowCount)
  }

  var isAllNull: Bool { nullCount == rowCount }
}

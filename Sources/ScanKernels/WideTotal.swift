import StorageBase

/// An exact sum of 128-bit integers: `low` modulo 2^128 and how often it wrapped, so the order of
/// additions does not matter and nothing is lost on the way to a total that fits.
struct WideTotal {
  private(set) var low: Int128 = 0
  private(set) var wraps: Int64 = 0

  @inline(__always)
  mutating func add(_ value: Int128) {
    let (sum, overflow) = low.addingReportingOverflow(value)
    low = sum
    if overflow { wraps &+= value < 0 ? -1 : 1 }
  }

  mutating func add(_ other: WideTotal) {
    add(other.low)
    wraps += other.wraps
  }

  /// The total; nil when it needs more than 128 bits.
  var exact: Int128? { wraps == 0 ? low : nil }

  var approximate: Double { Double(low) + Double(wraps) * 0x1p128 }
}

extension WideTotal {
  /// The sum or average that this total of `count` values is.
  func result(_ aggregate: BoundAggregate, count: Int64) throws -> Value {
    if count == 0 { return .null }
    if aggregate.isAverage {
      var unit = 1.0
      if case .decimal(_, let scale) = aggregate.inputType { unit = Double(powerOfTen(scale)) }
      return .floating(approximate / unit / Double(count))
    }
    // The result has 38 digits, so that whatever fits 64 bits fits it.
    if wraps == 0, Int64(exactly: low) != nil { return .integer(low) }
    guard let exact, let range = aggregate.resultType.integerRange, range.contains(exact) else {
      throw StorageError.limitExceeded(
        what: "digits of \(aggregate.aggregate)", value: 39, limit: 38,
        remedy: "sum fewer rows, or take the average")
    }
    return .integer(exact)
  }
}

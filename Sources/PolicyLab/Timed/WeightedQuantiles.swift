import StorageBase

/// Quantiles of non-negative numbers with weights, to about one percent: counts in buckets that
/// grow by 1/64 of a power of two.
public struct WeightedQuantiles: Hashable, Sendable {
  private var weights: [Int: Double] = [:]
  public private(set) var total = 0.0
  public private(set) var max = 0.0
  private var sum = 0.0

  init() {}

  mutating func add(_ value: Double, weight: Double = 1) {
    precondition(value >= 0 && weight >= 0, "neither is negative")
    guard weight > 0 else { return }
    weights[Self.bucket(value), default: 0] += weight
    total += weight
    sum += value * weight
    if value > max { max = value }
  }

  /// 0 if there is nothing.
  public var mean: Double { total > 0 ? sum / total : 0 }

  /// The least number such that this share of the weight is not above it; 0 if there is nothing.
  public func quantile(_ share: Double) -> Double {
    guard share < 1 else { return max }
    var left = share * total
    for bucket in weights.keys.sorted() {
      left -= weights[bucket] ?? 0
      if left <= 1e-9 * total { return min(Self.value(bucket), max) }
    }
    return max
  }

  /// Everything below a nanosecond, or whatever the unit is, is 0.
  private static func bucket(_ value: Double) -> Int {
    value < 1e-9 ? Int.min : Int((binaryLogarithm(value) * 64).rounded())
  }

  private static func value(_ bucket: Int) -> Double {
    bucket == Int.min ? 0 : exponential(Double(bucket) / 64 * 0.693_147_180_559_945_3)
  }
}

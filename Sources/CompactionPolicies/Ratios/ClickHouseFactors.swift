import StorageBase

/// How ClickHouse lowers the base of a range that has become old, or of a table with many parts.
struct ClickHouseFactors: Sendable {
  /// Parts of a table at which the base begins to fall, and at which it has fallen to its least.
  let partCounts: ClosedRange<Int>
  /// Ages in seconds at which it begins to fall and has fallen, for the smallest ranges ...
  let agesOfSmall: ClosedRange<Double>
  /// ... and for the largest ones.
  let agesOfLarge: ClosedRange<Double>
  /// What smallest and largest mean, in bytes. In between ages go with the logarithm of the size.
  let sizes: ClosedRange<Double>

  static let shipped = ClickHouseFactors(
    partCounts: 10...50, agesOfSmall: 10...3600, agesOfLarge: 10...2_592_000,
    sizes: Double(1 << 20)...Double(100 << 30))

  /// From 0, a table with few parts, to 1.
  func fullness(partCount: Int) -> Double {
    share(Double(partCount), of: Double(partCounts.lowerBound)...Double(partCounts.upperBound))
  }

  /// The ages between which a range of this size passes from 0 to 1.
  func ages(byteCount: Int) -> ClosedRange<Double> {
    let place = share(
      binaryLogarithm(1 + Double(byteCount)),
      of: binaryLogarithm(1 + sizes.lowerBound)...binaryLogarithm(1 + sizes.upperBound))
    let start = mix(agesOfSmall.lowerBound, agesOfLarge.lowerBound, place)
    return start...max(start, mix(agesOfSmall.upperBound, agesOfLarge.upperBound, place))
  }

  /// 0 up to the start of the range, 1 from its end on, and linear in between.
  func share(_ value: Double, of range: ClosedRange<Double>) -> Double {
    if value <= range.lowerBound { return 0 }
    if value >= range.upperBound { return 1 }
    return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  private func mix(_ from: Double, _ to: Double, _ share: Double) -> Double {
    from + (to - from) * share
  }
}

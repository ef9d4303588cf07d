/// A factor between sizes, exact to a thousandth: whether a limit is met must not hang on rounding.
struct SizeRatio: Sendable, CustomStringConvertible {
  private let thousandths: Int

  init(_ value: Double) { thousandths = Int((value * 1000).rounded()) }

  /// Whether `size <= ratio · other`, without rounding or overflow.
  func allows(_ size: Int, for other: Int) -> Bool {
    let left = size.multipliedFullWidth(by: 1000)
    let right = other.multipliedFullWidth(by: thousandths)
    return left.high != right.high ? left.high < right.high : left.low <= right.low
  }

  var description: String { "\(Double(thousandths) / 1000)" }
}

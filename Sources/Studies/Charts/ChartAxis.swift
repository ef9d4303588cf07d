import BenchKit
import StorageBase

/// Where the values of a chart lie on a line, and where its ticks are.
struct ChartAxis: Sendable {
  enum Kind: Sendable {
    /// From zero on.
    case linear
    /// Equal factors are equally far apart; values of zero and less cannot be shown.
    case logarithmic
  }

  struct Tick: Hashable, Sendable {
    let value: Double
    let label: String
  }

  let kind: Kind
  let low: Double
  let high: Double
  let ticks: [Tick]
  private static let tickCount = 6.0

  /// An axis that has room for all of `values`.
  /// - Parameter endsAtTick: else a linear axis ends where the values do.
  init(_ kind: Kind, values: [Double], endsAtTick: Bool = true) {
    self.kind = kind
    switch kind {
    case .linear:
      let most = max(values.max() ?? 1, 0)
      let least = min(values.min() ?? 0, 0)
      let step = Self.niceStep(most - least > 0 ? (most - least) / Self.tickCount : 0.2)
      low = (least / step).rounded(.down) * step
      let end = endsAtTick ? (most / step).rounded(.up) * step : most
      high = max(end, low + step)
      let count = Int(((high - low) / step * (1 + 1e-12)).rounded(.down))
      ticks = (0...count).map { [low] in
        let value = low + Double($0) * step
        return Tick(value: value, label: Self.label(value, step: step))
      }
    case .logarithmic:
      let shown = values.filter { $0 > 0 }
      let least = shown.min() ?? 1
      let most = max(shown.max() ?? 10, least)
      low = least / 1.15
      high = most * 1.15
      ticks = Self.logarithmicTicks(from: low, to: high)
    }
  }

  /// From 0 at the low end to 1 at the high one.
  func place(of value: Double) -> Double {
    switch kind {
    case .linear: return (value - low) / (high - low)
    case .logarithmic:
      let width = binaryLogarithm(high) - binaryLogarithm(low)
      return (binaryLogarithm(max(value, low)) - binaryLogarithm(low)) / width
    }
  }

  /// Whether a value can be shown.
  func shows(_ value: Double) -> Bool { value.isFinite && (kind == .linear || value > 0) }

  /// 1, 2 or 5 times a power of ten, not less than a positive number.
  static func niceStep(_ least: Double) -> Double {
    let power = Self.powerOfTen(notAbove: least)
    for factor in [1.0, 2, 5] where factor * power >= least * (1 - 1e-9) { return factor * power }
    return 10 * power
  }

  private static func powerOfTen(notAbove value: Double) -> Double {
    var power = 1.0
    while power > value { power /= 10 }
    while power * 10 <= value * (1 + 1e-9) { power *= 10 }
    return power
  }

  private static func logarithmicTicks(from low: Double, to high: Double) -> [Tick] {
    // Within a few decades there is room for ticks between powers of ten.
    let factors =
      high / low < 30 ? [1.0, 1.5, 2, 3, 4, 5, 7] : high / low < 1000 ? [1.0, 2, 5] : [1]
    var ticks: [Tick] = []
    var power = powerOfTen(notAbove: low)
    while power <= high {
      for factor in factors where factor * power >= low && factor * power <= high {
        ticks.append(Tick(value: factor * power, label: label(factor * power, step: power / 10)))
      }
      power *= 10
    }
    return ticks
  }

  /// With as many digits as the step needs.
  static func label(_ value: Double, step: Double) -> String {
    // Values next to zero come from rounding.
    if value.magnitude < step / 1000 { return "0" }
    if value.magnitude >= 10_000 {
      let text = formatRate(value)
      return text.replacing(".00 ", with: " ").replacing(".0 ", with: " ")
    }
    var places = 0
    var unit = 1.0
    while unit > step * (1 + 1e-9), places < 9 {
      unit /= 10
      places += 1
    }
    var text = formatFixed(value, places: places)
    while text.contains("."), text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}

import ScanKernels
import StorageBase

@testable import QueryEngine

/// A value as a person with paper would have it: a decimal knows where its point is.
enum NaiveValue: Hashable {
  case null
  case bool(Bool)
  case exact(Int128, scale: Int)
  case floating(Double)
  case text(String)
  case day(Int)
  case microseconds(Int)
  case interval(months: Int, days: Int)

  init(_ value: Value, _ type: DataType) {
    switch (value, type) {
    case (.null, _): self = .null
    case (.integer(let bit), .bool): self = .bool(bit != 0)
    case (.integer(let day), .date): self = .day(Int(day))
    case (.integer(let time), .datetime): self = .microseconds(Int(time))
    case (.integer(let unscaled), .decimal(_, let scale)): self = .exact(unscaled, scale: scale)
    case (.integer(let integer), _): self = .exact(integer, scale: 0)
    case (.floating(let number), _): self = .floating(number)
    case (.string(let text), _): self = .text(text)
    }
  }

  /// Equal numbers become equal: without zeros at the end of a fraction.
  var canonical: NaiveValue {
    guard case .exact(var unscaled, var scale) = self else { return self }
    while scale > 0 && unscaled % 10 == 0 {
      unscaled /= 10
      scale -= 1
    }
    return .exact(unscaled, scale: scale)
  }

  var double: Double? {
    switch self {
    case .exact(let unscaled, let scale):
      Double(unscaled) / Double((0..<scale).reduce(Int128(1)) { power, _ in power * 10 })
    case .floating(let number): number
    default: nil
    }
  }

  private static func aligned(_ x: Int128, _ from: Int, _ to: Int) -> Int128 {
    (from..<to).reduce(x) { value, _ in value * 10 }
  }

  /// Negative, zero or positive; nil when one is null.
  func compared(with other: NaiveValue) -> Int? {
    func sign<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a > b ? 1 : 0 }
    switch (self, other) {
    case (.null, _), (_, .null): return nil
    case (.bool(let a), .bool(let b)): return sign(a ? 1 : 0, b ? 1 : 0)
    case (.exact(let a, let x), .exact(let b, let y)):
      return sign(Self.aligned(a, x, max(x, y)), Self.aligned(b, y, max(x, y)))
    case (.text(let a), .text(let b)):
      return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : a == b ? 0 : 1
    case (.day(let a), .day(let b)), (.microseconds(let a), .microseconds(let b)):
      return sign(a, b)
    case (.day(let a), .text(let b)): return sign(a, NaiveDates.day(b))
    case (.microseconds(let a), .text(let b)): return sign(a, NaiveDates.microseconds(b))
    case (.text, .day), (.text, .microseconds): return other.compared(with: self).map { -$0 }
    default:
      guard let a = double, let b = other.double else {
        preconditionFailure("\(self) compared with \(other)")
      }
      return sign(a, b)
    }
  }

  /// Nulls first.
  func precedes(_ other: NaiveValue) -> Bool {
    if self == .null { return other != .null }
    return compared(with: other).map { $0 < 0 } ?? false
  }

  func combined(_ sign: SQLNode.Operator, _ other: NaiveValue) -> NaiveValue {
    switch (self, other) {
    case (.null, _), (_, .null): return .null
    case (.day(let day), .interval(let months, let days)):
      let direction = sign == .add ? 1 : -1
      let parts = NaiveDates.parts(day)
      let month = parts.year * 12 + parts.month - 1 + direction * months
      let length = NaiveDates.length(month / 12, month % 12 + 1)
      let start = NaiveDates.day(month / 12, month % 12 + 1, min(parts.day, length))
      return .day(start + direction * days)
    case (.exact(let a, let x), .exact(let b, let y)) where sign != .divide:
      if sign == .multiply { return .exact(a * b, scale: x + y) }
      let scale = max(x, y)
      let (c, d) = (Self.aligned(a, x, scale), Self.aligned(b, y, scale))
      return .exact(sign == .add ? c + d : c - d, scale: scale)
    default:
      guard let a = double, let b = other.double else {
        preconditionFailure("\(self) \(sign) \(other)")
      }
      switch sign {
      case .add: return .floating(a + b)
      case .subtract: return .floating(a - b)
      case .multiply: return .floating(a * b)
      case .divide: return b == 0 ? .null : .floating(a / b)
      }
    }
  }

  /// The same but for the rounding of sums added in another order.
  func isClose(to other: NaiveValue) -> Bool {
    if case .floating(let a) = self, let b = other.double {
      return abs(a - b) <= 1e-9 * max(1, abs(a))
    }
    if case .floating = other { return other.isClose(to: self) }
    return canonical == other.canonical
  }
}

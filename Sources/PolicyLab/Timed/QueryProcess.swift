/// How often queries come, over all tablets. Each reads one tablet, all of them alike.
public enum QueryProcess: Hashable, Sendable {
  case constant(perSecond: Double)
  /// At one rate up to some second, then at another.
  case shift(perSecond: Double, thenPerSecond: Double, atSeconds: Double)

  public static let none = QueryProcess.constant(perSecond: 0)

  public var isNone: Bool { count(from: 0, to: .greatestFiniteMagnitude) == 0 }

  /// How many there are from one second to another.
  public func count(from start: Double, to end: Double) -> Double {
    guard end > start else { return 0 }
    switch self {
    case .constant(let rate): return rate * (end - start)
    case .shift(let rate, let then, let at):
      return rate * max(0, min(end, at) - start) + then * max(0, end - max(start, at))
    }
  }
}

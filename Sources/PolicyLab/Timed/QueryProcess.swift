/// How often queries come, over all tablets. Each reads one tablet, all of them alike.
public enum QueryProcess: Hashable, Sendable {
  case constant(perSecond: Double)
  /// At one rate up to some second, then at another.
  case shift(perSecond: Double, thenPerSecond: Double, atSeconds: Double)

  public static let none = QueryProcess.constant(perSecond: 0)

  public var isNone: Bool { count(from: 0, to: .greatestFiniteMagnitude) == 0 }

  /// When a query is due, by its number from 0 on; infinite if there are not so many.
  public func seconds(ofQuery number: Int) -> Double {
    switch self {
    case .constant(let rate): return rate > 0 ? Double(number) / rate : .infinity
    case .shift(let rate, let then, let at):
      let late = Double(number) - rate * at
      if late < 0 { return Double(number) / rate }
      return then > 0 ? at + late / then : .infinity
    }
  }

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

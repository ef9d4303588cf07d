/// How far long work has come: a bar, a share, and how long it will take.
public struct ProgressBar: Sendable {
  /// Of all work, in any unit.
  private let total: Double
  /// Done before this program began, as far as it says nothing about its speed.
  private let before: Double
  private static let width = 24

  /// - Precondition: neither is negative.
  public init(total: Double, before: Double = 0) {
    precondition(total >= 0 && before >= 0, "work is not negative")
    self.total = total
    self.before = before
  }

  /// `[######------------------]  25 %  text, 3 min 05 s left`.
  /// - Parameters:
  ///   - done: work that is done, with what was done before.
  ///   - seconds: since this program began.
  public func line(done: Double, seconds: Double, text: String) -> String {
    let share = total > 0 ? min(1, done / total) : 1
    let filled = Int(share * Double(Self.width))
    let bar =
      String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
    // A hundred means done, so that it must not come from rounding.
    let percent = String(Int(share * 100))
    let padding = String(repeating: " ", count: 3 - percent.count)
    let left = secondsLeft(done: done, seconds: seconds)
    let estimate = left.map { ", \(formatDuration(seconds: $0)) left" } ?? ""
    return "[\(bar)] \(padding)\(percent) %  \(text)\(estimate)"
  }

  /// At the speed so far; nil as long as that is not known.
  public func secondsLeft(done: Double, seconds: Double) -> Double? {
    guard done > before, seconds > 0 else { return nil }
    return max(0, total - done) * seconds / (done - before)
  }
}

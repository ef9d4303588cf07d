/// How often checkpoints are taken. Every checkpoint makes versions, so when those pile up towards
/// the limit it lengthens the interval, and shortens it again when compaction has caught up. A pure
/// value.
public struct CheckpointPacing: Hashable, Sendable {
  /// Parts of the version limit above which the interval grows, and below which it shrinks.
  static let highFill = 0.5
  static let lowFill = 0.25
  private static let growth = 1.5

  /// As asked for.
  public let shortestSeconds: Double
  /// Never longer than this.
  public let longestSeconds: Double
  /// The present interval.
  public private(set) var seconds: Double

  /// - Parameters:
  ///   - seconds: the interval as long as versions do not pile up; more than 0.
  ///   - longestSeconds: ten times as long unless told.
  public init(seconds: Double, longestSeconds: Double? = nil) {
    precondition(seconds > 0 && longestSeconds.map { $0 >= seconds } ?? true)
    shortestSeconds = seconds
    self.seconds = seconds
    self.longestSeconds = longestSeconds ?? seconds * 10
  }

  /// Adapts the interval after a checkpoint.
  /// - Parameter versionFill: how near tables are to their version limit, from 0 to 1.
  /// - Returns: whether it changed.
  public mutating func adapt(versionFill: Double) -> Bool {
    let before = seconds
    if versionFill >= Self.highFill {
      seconds = min(longestSeconds, seconds * Self.growth)
    } else if versionFill <= Self.lowFill {
      seconds = max(shortestSeconds, seconds / Self.growth)
    }
    return seconds != before
  }
}

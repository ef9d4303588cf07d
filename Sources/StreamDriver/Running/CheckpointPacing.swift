/// How often checkpoints are taken. Every checkpoint makes versions, so when those pile up towards
/// the limit it lengthens the interval, and shortens it again when compaction has caught up. A pure
/// value.
///
/// The interval is how long rows wait until they are visible, at most: a checkpoint begins as much
/// earlier as the last ones have taken, up to a quarter of the interval.
public struct CheckpointPacing: Hashable, Sendable {
  /// Parts of the version limit above which the interval grows, and below which it shrinks.
  static let highFill = 0.5
  static let lowFill = 0.25
  private static let growth = 1.5
  private static let leadShareMax = 0.25
  /// What is left of a long checkpoint after each that was shorter.
  private static let leadDecay = 0.75

  /// As asked for.
  public let shortestSeconds: Double
  /// Never longer than this.
  public let longestSeconds: Double
  /// The present interval.
  public private(set) var seconds: Double
  /// How long checkpoints take, as the last ones have shown.
  private var durationSeconds = 0.0

  /// From the beginning of a checkpoint to that of the next.
  public var secondsToNext: Double {
    seconds - min(durationSeconds, seconds * Self.leadShareMax)
  }

  /// - Parameters:
  ///   - seconds: the interval as long as versions do not pile up; more than 0.
  ///   - longestSeconds: ten times as long unless told.
  public init(seconds: Double, longestSeconds: Double? = nil) {
    precondition(seconds > 0 && longestSeconds.map { $0 >= seconds } ?? true)
    shortestSeconds = seconds
    self.seconds = seconds
    self.longestSeconds = longestSeconds ?? seconds * 10
  }

  /// Takes note of how long a checkpoint has taken, from its beginning until its rows were visible.
  public mutating func completed(inSeconds seconds: Double) {
    durationSeconds = max(0, seconds, durationSeconds * Self.leadDecay)
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

/// How the loads that are due and not yet there come and go, where loads are due at a constant
/// rate: what tells a rate that can be kept up from one that cannot.
public struct Backlog: Hashable, Sendable {
  /// Loads due and neither published nor refused, at the worst sample.
  public let countMax: Double
  /// By how much the backlog grows in the second half of the arrivals, as a share of what arrives:
  /// the slope of the line of least squares. About 0 for a system that keeps up, 0.05 for one
  /// that takes 95 of 100 loads.
  public let growthShare: Double

  /// Loads that have been dealt with until a moment.
  public struct Sample: Hashable, Sendable {
    public let seconds: Double
    /// Published or refused since the beginning.
    public let doneCount: Int

    public init(seconds: Double, doneCount: Int) {
      self.seconds = seconds
      self.doneCount = doneCount
    }
  }

  /// - Parameters:
  ///   - samples: in the order of time. Those after the last load was due are left out.
  ///   - perSecond: the rate of arrivals.
  ///   - loadCount: how many there were.
  public init(_ samples: [Sample], perSecond: Double, loadCount: Int) {
    precondition(perSecond > 0, "loads arrive")
    let end = Double(loadCount) / perSecond
    let points = samples.filter { $0.seconds <= end }.map { sample in
      (seconds: sample.seconds, count: sample.seconds * perSecond - Double(sample.doneCount))
    }
    countMax = points.map(\.count).max() ?? 0
    let late = points.filter { $0.seconds >= end / 2 }
    growthShare = Self.slope(late) / perSecond
  }

  /// Of the line of least squares; 0 for less than two points.
  private static func slope(_ points: [(seconds: Double, count: Double)]) -> Double {
    let size = Double(points.count)
    let center = points.reduce(0) { $0 + $1.seconds } / max(1, size)
    let mean = points.reduce(0) { $0 + $1.count } / max(1, size)
    let spread = points.reduce(0) { $0 + ($1.seconds - center) * ($1.seconds - center) }
    guard spread > 0 else { return 0 }
    return points.reduce(0) { $0 + ($1.seconds - center) * ($1.count - mean) } / spread
  }
}

/// Whether a rate of loads can be kept up.
public enum SustainVerdict: String, Hashable, Sendable, CaseIterable {
  case stable
  /// Loads were refused.
  case refuses
  /// The backlog grows without end.
  case fallsBehind = "falls-behind"
  /// It keeps up, but some loads take too long.
  case slow

  /// Growth that is none: what a backlog does by chance in one run.
  public static let growthShareMax = 0.01

  /// - Parameter latencyMaxSeconds: what the 99th percentile of loads may take at most.
  public init(
    _ backlog: Backlog, refusedCount: Int, latencySeconds: Double, latencyMaxSeconds: Double
  ) {
    if refusedCount > 0 {
      self = .refuses
    } else if backlog.growthShare > Self.growthShareMax {
      self = .fallsBehind
    } else {
      self = latencySeconds > latencyMaxSeconds ? .slow : .stable
    }
  }
}

/// One load on its way through the lines of its tablets, until its turn has come on all of them.
public struct LoadWait: Hashable, Sendable {
  /// What the versions of one of its tablets mean for the load now.
  public struct Pressure: Hashable, Sendable {
    public var intervalSeconds: Double
    /// For how long the tablet has not been able to take a load; nil when it can.
    public var fullSeconds: Double?

    public init(intervalSeconds: Double, fullSeconds: Double? = nil) {
      self.intervalSeconds = intervalSeconds
      self.fullSeconds = fullSeconds
    }
  }

  public enum Step: Hashable, Sendable {
    case proceed
    case pause(seconds: Double)
    /// A tablet stayed full for as long as loads may wait.
    case giveUp
  }

  /// By tablet, how many loads are ahead; 0 or less where its turn has come.
  private var ahead: [Double]
  public private(set) var waitedSeconds = 0.0
  /// The longest time between two looks at the tablets: compaction may have ended meanwhile.
  private static let pauseSecondsMax = 0.02
  private static let pauseSecondsMin = 0.0001

  /// - Parameter ahead: by tablet, what `LoadLine.join` returned.
  public init(ahead: [Double]) { self.ahead = ahead }

  /// The tablets whose turn it has not waited for.
  public var unfinished: [Int] { ahead.indices.filter { ahead[$0] > 0 } }

  /// What to do, by the pressure on the tablets now.
  ///
  /// When a tablet has been full for the whole patience, compaction is not about to free it, so
  /// loads that come later are not kept waiting for the same end.
  public func step(_ pressures: [Pressure], patienceSeconds: Double) -> Step {
    let fullSeconds = pressures.compactMap(\.fullSeconds).max()
    var needed = fullSeconds == nil ? 0 : Self.pauseSecondsMax
    for (place, pressure) in zip(ahead, pressures) {
      needed = max(needed, place * pressure.intervalSeconds)
    }
    if needed <= 0 { return .proceed }
    let left = patienceSeconds - max(waitedSeconds, fullSeconds ?? 0)
    guard left > 0 else { return fullSeconds == nil ? .proceed : .giveUp }
    return .pause(
      seconds: min(max(needed, Self.pauseSecondsMin), Self.pauseSecondsMax, left))
  }

  /// Takes it out of all lines: it is let through, whether its turn has come or not.
  public mutating func endWaiting() { for index in ahead.indices { ahead[index] = 0 } }

  /// Notes that time has passed under these pressures.
  public mutating func pass(seconds: Double, _ pressures: [Pressure]) {
    waitedSeconds += seconds
    for (index, pressure) in pressures.enumerated() {
      ahead[index] =
        pressure.intervalSeconds > 0 ? ahead[index] - seconds / pressure.intervalSeconds : 0
    }
  }
}

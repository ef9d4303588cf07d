import StorageBase

/// The loads that wait in front of one tablet, as a leaky bucket: every load adds one, and one runs
/// out per interval (Turner, IEEE Communications Magazine 24(10), 1986).
///
/// A load that finds the bucket empty goes on at once, so loads that come less often than the pace
/// are never held back. Nothing has to be taken out: what is in the bucket runs out by itself.
public struct LoadLine: Sendable {
  private var length = 0.0
  private var updatedAt: Timestamp
  /// The newest version when the tablet was first seen full, and when that was.
  private var full: (version: Version, since: Timestamp)?

  /// Nobody waits.
  public init(at now: Timestamp) { updatedAt = now }

  /// Adds a load at the end of the line.
  /// - Parameter intervalSeconds: the pace now; 0 empties the line.
  /// - Returns: how many are ahead of it.
  public mutating func join(at now: Timestamp, intervalSeconds: Double) -> Double {
    // A clock that was set back lets nobody wait longer than the line is.
    let passed = max(0, now.seconds(since: updatedAt))
    length = intervalSeconds > 0 ? max(0, length - passed / intervalSeconds) : 0
    updatedAt = now
    let ahead = length
    length += 1
    return ahead
  }

  /// For how long the tablet, which is full now, has been so as far as loads have seen it.
  ///
  /// - Parameter newest: its newest version: while it is full it gets no other one, so a change
  ///   shows that it was not full in between.
  public mutating func fullSeconds(at now: Timestamp, newest: Version) -> Double {
    if let full, full.version == newest, full.since <= now { return now.seconds(since: full.since) }
    full = (newest, now)
    return 0
  }

  /// Takes a load out that will not wait for its turn.
  public mutating func leave() { length = max(0, length - 1) }
}

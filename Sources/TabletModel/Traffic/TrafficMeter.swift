import StorageBase

/// Rates of what comes to a tablet, where what is longer ago counts less.
///
/// An event of `a` seconds ago has the weight `exp(-a / memory)`. Divided by the weight of the time
/// that has been observed, sums of these weights are rates without bias from the first moment on,
/// and no event has to be remembered.
public struct TrafficMeter: Hashable, Sendable {
  /// Seconds after which an event counts a third (1/e).
  public let memorySeconds: Double
  private let startedAt: Timestamp
  private var now: Timestamp
  private var loads = 0.0
  private var loadedBytes = 0.0
  private var queries = 0.0
  private var lastLoadAt: Timestamp?

  /// - Precondition: `memorySeconds` is positive.
  public init(memorySeconds: Double = 5, at start: Timestamp) {
    precondition(memorySeconds > 0, "a meter remembers something")
    self.memorySeconds = memorySeconds
    startedAt = start
    now = start
  }

  /// A load at `time`.
  public mutating func noteLoad(byteCount: Int, at time: Timestamp) {
    advance(to: time)
    loads += 1
    lastLoadAt = now
    loadedBytes += Double(byteCount)
  }

  /// That many queries, evenly between the last time anything was noted and `time`.
  public mutating func noteQueries(_ count: Double, until time: Timestamp) {
    let seconds = max(0, time.seconds(since: now))
    advance(to: time)
    queries += seconds > 0 ? count / seconds * weight(ofLast: seconds) : count
  }

  /// The rates at `time`, without what a meter cannot see; all 0 if no time has passed since the
  /// start.
  public func traffic(at time: Timestamp) -> TabletTraffic {
    var meter = self
    meter.advance(to: time)
    let observed = weight(ofLast: max(0, meter.now.seconds(since: startedAt)))
    return TabletTraffic(
      loadsPerSecond: observed > 0 ? meter.loads / observed : 0,
      bytesPerLoad: meter.loads > 0 ? meter.loadedBytes / meter.loads : 0,
      queriesPerSecond: observed > 0 ? meter.queries / observed : 0,
      secondsSinceLoad: lastLoadAt.map { max(0, meter.now.seconds(since: $0)) } ?? 0)
  }

  /// A clock that is set back stands still here.
  private mutating func advance(to time: Timestamp) {
    let seconds = time.seconds(since: now)
    guard seconds > 0 else { return }
    let factor = exponential(-seconds / memorySeconds)
    loads *= factor
    loadedBytes *= factor
    queries *= factor
    now = time
  }

  /// Of all moments in the last `seconds` together.
  private func weight(ofLast seconds: Double) -> Double {
    memorySeconds * (1 - exponential(-seconds / memorySeconds))
  }
}

import Histogram

/// Latencies collected up to some moment. A value: the histogram it came from may go on.
public struct LatencySnapshot: Sendable {
  /// Nil until the first latency, so that idle shards and idle intervals cost nothing.
  private var histogram: Histogram<UInt32>?
  private var sumNanoseconds = 0.0

  public init() {}

  /// How many latencies were recorded.
  public var count: Int { histogram.map { Int($0.totalCount) } ?? 0 }

  /// The exact mean in nanoseconds; nil when nothing was recorded.
  public var meanNanoseconds: Double? { count == 0 ? nil : sumNanoseconds / Double(count) }

  /// The exact longest latency in nanoseconds; nil when nothing was recorded.
  public var maxNanoseconds: UInt64? { histogram.flatMap { count == 0 ? nil : $0.maxRecorded } }

  /// The latency that `percentile` percent of all do not exceed, in nanoseconds; nil when nothing
  /// was recorded. Linear in the buckets (about 30 000).
  /// - Parameter percentile: 0...100.
  public func nanoseconds(atPercentile percentile: Double) -> UInt64? {
    precondition((0...100).contains(percentile))
    guard count > 0 else { return nil }
    return histogram?.valueAtPercentile(percentile)
  }

  /// As `nanoseconds(atPercentile:)`, in milliseconds.
  public func milliseconds(atPercentile percentile: Double) -> Double? {
    nanoseconds(atPercentile: percentile).map { Double($0) / 1e6 }
  }

  public var p50Milliseconds: Double? { milliseconds(atPercentile: 50) }
  public var p95Milliseconds: Double? { milliseconds(atPercentile: 95) }
  public var p99Milliseconds: Double? { milliseconds(atPercentile: 99) }
  public var p999Milliseconds: Double? { milliseconds(atPercentile: 99.9) }
  public var maxMilliseconds: Double? { maxNanoseconds.map { Double($0) / 1e6 } }
  public var meanMilliseconds: Double? { meanNanoseconds.map { $0 / 1e6 } }

  /// Records one latency; more than an hour counts as an hour.
  public mutating func record(_ nanoseconds: UInt64) {
    let value = min(nanoseconds, LatencyHistogram.nanosecondsMax)
    if histogram == nil { histogram = Self.makeHistogram() }
    histogram?.record(value)
    sumNanoseconds += Double(value)
  }

  /// Adds the latencies of `other`, as if they had been recorded here.
  public mutating func merge(_ other: LatencySnapshot) {
    guard let others = other.histogram, other.count > 0 else { return }
    if histogram == nil { histogram = Self.makeHistogram() }
    histogram?.add(others)
    sumNanoseconds += other.sumNanoseconds
  }

  /// Forgets everything and keeps the memory.
  mutating func removeAll() {
    histogram?.reset()
    sumNanoseconds = 0
  }

  private static func makeHistogram() -> Histogram<UInt32> {
    Histogram(
      lowestDiscernibleValue: 1, highestTrackableValue: LatencyHistogram.nanosecondsMax,
      numberOfSignificantValueDigits: .three)
  }
}

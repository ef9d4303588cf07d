import MicroSuite
import StorageIO

/// The times of the runs of one case.
struct Measurement {
  let title: String
  /// Nanoseconds of each run, ascending.
  private let times: [UInt64]
  private let byteCount: Int
  private let valueCount: Int

  /// Runs long enough to be believed, and never this many times more.
  private static let nanosecondsMin: UInt64 = 250_000_000
  private static let runCounts = 9...400

  /// One run more than is counted, to warm up.
  init(_ benchmark: MicroCase, clock: MonotonicClock = MonotonicClock()) throws {
    title = benchmark.title
    byteCount = benchmark.byteCount
    valueCount = benchmark.valueCount
    try benchmark.prepare()()
    var times: [UInt64] = []
    var total: UInt64 = 0
    while times.count < Self.runCounts.lowerBound
      || (total < Self.nanosecondsMin && times.count < Self.runCounts.upperBound)
    {
      let run = try benchmark.prepare()
      let start = clock.now()
      try run()
      let time = max(1, clock.now() - start)
      times.append(time)
      total += time
    }
    self.times = times.sorted()
  }

  private func quantile(_ share: Double) -> Double {
    Double(times[Int((Double(times.count - 1) * share).rounded())])
  }

  /// Of the median run.
  var gigabytesPerSecond: Double? {
    byteCount == 0 ? nil : Double(byteCount) / quantile(0.5)
  }

  var millionValuesPerSecond: Double { Double(valueCount) * 1000 / quantile(0.5) }

  /// The middle half of the runs lies within this share of the median, from end to end.
  var spread: Double { (quantile(0.75) - quantile(0.25)) / quantile(0.5) }
}

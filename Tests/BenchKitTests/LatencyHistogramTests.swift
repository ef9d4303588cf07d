import Foundation
import StorageBase
import Testing

@testable import BenchKit

struct LatencyHistogramTests {
  /// The value that `percentile` percent of `sorted` do not exceed.
  private func exact(_ sorted: [UInt64], _ percentile: Double) -> UInt64 {
    let rank = Int((percentile.nextDown / 100 * Double(sorted.count)).rounded(.up))
    return sorted[max(1, rank) - 1]
  }

  @Test(arguments: [1, 2, 9, 1000, 20_000])
  func percentilesAreWithinATenthOfAPercent(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let histogram = LatencyHistogram()
    // Evenly spread over magnitudes, from a nanosecond to an hour.
    let values = (0..<count).map { _ in UInt64(exp(generator.nextUnit() * log(3.6e12))) }
    for value in values { histogram.record(nanoseconds: value) }
    let snapshot = histogram.snapshot()
    let sorted = values.sorted()
    #expect(snapshot.count == count)
    for percentile in [0, 0.1, 10, 50, 90, 95, 99, 99.9, 99.99, 100] {
      let found = try #require(snapshot.nanoseconds(atPercentile: percentile))
      let expected = Double(exact(sorted, percentile))
      #expect(abs(Double(found) - expected) <= expected * 0.001, "at \(percentile)")
    }
    #expect(snapshot.maxNanoseconds == sorted.last)
    let mean = values.reduce(0) { $0 + Double($1) } / Double(count)
    #expect(abs(try #require(snapshot.meanNanoseconds) - mean) <= mean * 1e-9)
  }

  @Test func nothingRecordedIsNil() {
    let snapshot = LatencyHistogram().snapshot()
    #expect(snapshot.count == 0)
    #expect(snapshot.meanNanoseconds == nil)
    #expect(snapshot.maxNanoseconds == nil)
    #expect(snapshot.p99Milliseconds == nil)
  }

  @Test func extremesAreTaken() {
    let histogram = LatencyHistogram(shardCount: 1)
    histogram.record(seconds: -1)
    histogram.record(seconds: .nan)
    histogram.record(nanoseconds: .max)
    histogram.record(seconds: .infinity)
    let snapshot = histogram.snapshot()
    #expect(snapshot.count == 4)
    #expect(snapshot.nanoseconds(atPercentile: 50) == 0)
    #expect(snapshot.maxNanoseconds == LatencyHistogram.nanosecondsMax)
  }

  @Test func mergingIsRecordingTogether() {
    let left = LatencyHistogram()
    let right = LatencyHistogram()
    let both = LatencyHistogram()
    for value in UInt64(1)...1000 {
      (value % 3 == 0 ? left : right).record(nanoseconds: value * value)
      both.record(nanoseconds: value * value)
    }
    var merged = left.snapshot()
    merged.merge(right.snapshot())
    merged.merge(LatencySnapshot())
    let expected = both.snapshot()
    #expect(merged.count == expected.count)
    #expect(merged.meanNanoseconds == expected.meanNanoseconds)
    for percentile in [1, 50, 99.9] {
      #expect(
        merged.nanoseconds(atPercentile: percentile)
          == expected.nanoseconds(atPercentile: percentile))
    }
  }

  /// Every latency comes out of exactly one reset, however the threads interleave.
  @Test func resetsLoseNothing() async {
    let histogram = LatencyHistogram(shardCount: 2)
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<3 {
        group.addTask {
          for value in 0..<5000 { histogram.record(nanoseconds: UInt64(value)) }
          return 0
        }
      }
      group.addTask {
        var count = 0
        for _ in 0..<20 {
          count += histogram.snapshotAndReset().count
          await Task.yield()
        }
        return count
      }
      return await group.reduce(0, +)
    }
    #expect(total + histogram.snapshotAndReset().count == 15_000)
    #expect(histogram.snapshot().count == 0)
  }
}

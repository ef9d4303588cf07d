import BenchKit
import QueryEngine
import StorageIO
import TabletEngine

/// The times of one query on a warm cache, and what it read.
struct ScanMeasurement: Sendable {
  let name: String
  /// Ascending.
  let milliseconds: [Double]
  /// Processor time of one run by all threads, the mean of the runs: what a busy machine changes
  /// least.
  let cpuMilliseconds: Double
  let rowCount: Int
  let work: ScanWork

  /// Runs the query once to warm up, then `repeatCount` times.
  init(
    _ query: ScanQuery, on table: TableSnapshot, parallelism: Parallelism, repeatCount: Int
  ) throws {
    let clock = MonotonicClock()
    var last = try query.query.run(on: table, parallelism: parallelism).result
    var times: [Double] = []
    let cpuStart = ProcessUsage.current().cpuSeconds
    for _ in 0..<repeatCount {
      let start = clock.now()
      last = try query.query.run(on: table, parallelism: parallelism).result
      times.append(Double(clock.now() - start) / 1e6)
    }
    let cpuSeconds = ProcessUsage.current().cpuSeconds - cpuStart
    cpuMilliseconds = cpuSeconds / Double(repeatCount) * 1e3
    name = query.name
    milliseconds = times.sorted()
    rowCount = last.rows.count
    work = last.work
  }

  var median: Double {
    let middle = milliseconds.count / 2
    return milliseconds.count % 2 == 1
      ? milliseconds[middle] : (milliseconds[middle - 1] + milliseconds[middle]) / 2
  }

  /// Stored bytes read per second of the median.
  var bytesPerSecond: Double { Double(work.bytesStored) / (median / 1e3) }

  static let csvHeader =
    "query,threads,median_ms,min_ms,max_ms,cpu_ms,rows,bytes_stored,bytes_decoded,"
    + "percent_of_ceiling"

  func csvLine(threadCount: Int, ceiling: Double) -> String {
    let times = [median, milliseconds.first ?? 0, milliseconds.last ?? 0, cpuMilliseconds]
      .map { formatFixed($0, places: 3) }
    return
      ([name, "\(threadCount)"] + times
      + [
        "\(rowCount)", "\(work.bytesStored)", "\(work.bytesDecoded)",
        formatFixed(bytesPerSecond / ceiling * 100, places: 1),
      ])
      .joined(separator: ",")
  }
}

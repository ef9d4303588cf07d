import BenchKit
import SegmentFormat

/// How long lookups of one kind took.
struct LookupFinding {
  static let columns = [
    "rows", "buckets", "index", "row_store", "result", "keys_per_request", "p50_ns", "p99_ns",
    "p999_ns", "keys_per_s",
  ]

  let rowCount: Int
  let bucketCount: Int
  let index: String
  /// Of the row store; nil without one.
  let rowStore: Compression?
  let form: LookupBench.Form
  /// Keys of a request.
  let batchCount: Int
  /// Of a request.
  let medianNanoseconds: UInt64
  let p99Nanoseconds: UInt64
  let p999Nanoseconds: UInt64
  /// By the time of the processor, the drawing of keys included.
  let keysPerSecond: Double

  /// In the order of `columns`; none has a comma.
  var cells: [String] {
    [
      "\(rowCount)", "\(bucketCount)", index, rowStore.map { "\($0)" } ?? "", form.rawValue,
      "\(batchCount)", "\(medianNanoseconds)", "\(p99Nanoseconds)", "\(p999Nanoseconds)",
      formatFixed(keysPerSecond, places: 0),
    ]
  }
}

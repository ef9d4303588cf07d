import BenchKit

/// How long lookups of one kind took.
struct LookupFinding {
  static let columns = [
    "rows", "buckets", "index", "row_store", "keys_per_call", "p50_ns", "p99_ns", "keys_per_s",
  ]

  let rowCount: Int
  let bucketCount: Int
  let index: String
  let hasRowStore: Bool
  /// Keys of a call.
  let batchCount: Int
  /// Of a call.
  let medianNanoseconds: UInt64
  let p99Nanoseconds: UInt64
  /// By the time of the processor, the drawing of keys included.
  let keysPerSecond: Double

  /// In the order of `columns`; none has a comma.
  var cells: [String] {
    [
      "\(rowCount)", "\(bucketCount)", index, hasRowStore ? "yes" : "no", "\(batchCount)",
      "\(medianNanoseconds)", "\(p99Nanoseconds)", formatFixed(keysPerSecond, places: 0),
    ]
  }
}

import StorageBase
import TabletModel

/// Size-tiered compaction of Apache Cassandra, contiguous variant: rowsets of similar size form a
/// bucket, and a bucket of `min` of them is merged.
///
/// From small to large, a rowset joins the bucket before it when its size lies strictly between
/// `low` and `high` times the mean of the bucket, or when both are below `min_sstable_mib`. The
/// bucket of the least mean that has enough members is merged; of one with more than `max` the
/// oldest.
///
/// Adapted: Cassandra puts files of any age into a bucket, but rowsets stand for ranges of versions
/// and only neighbours can be merged. A rowset older than a larger one counts as being of its
/// size. Then sizes grow with age, a bucket is a range of the stack, and no pattern of sizes keeps
/// equals apart for ever. Newer Cassandra takes the bucket that is read most; rowsets of a tablet
/// are all read alike.
public struct SizeTieredPolicy: StackPolicy {
  public static let name = "size-tiered"
  public static let summary = "merges buckets of similar size (contiguous variant)"
  public static let source = "Apache Cassandra, SizeTieredCompactionStrategy"

  let rowsetCountMin: Int
  let rowsetCountMax: Int
  let low: Double
  let high: Double
  let byteCountMin: Int
  public let collapsesCascades: Bool

  public init(_ parameters: inout PolicyParameters) {
    rowsetCountMin = parameters.integer("min", default: 4, in: 2...1000, "least of a merge")
    rowsetCountMax = parameters.integer("max", default: 32, in: 2...100_000, "most of a merge")
    low = parameters.number(
      "low", default: 0.5, in: 0...1, "members are larger than this share of the mean")
    high = parameters.number(
      "high", default: 1.5, in: 1...1000, "and smaller than this many times the mean")
    byteCountMin = parameters.mebibytes(
      "min_sstable_mib", default: 50, in: 0...(1 << 20), "all smaller ones are alike, in MiB")
    parameters.require(rowsetCountMin <= rowsetCountMax, "min must not be greater than max")
    collapsesCascades = parameters.collapse()
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "tiering", granularity: "bucket", movement: "smallest",
      adjacency: "adjacent (contiguous variant)")
  }

  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let buckets = buckets(of: stack)
    guard let bucket = buckets.first(where: { $0.range.count >= rowsetCountMin }) else {
      let counts = buckets.reversed().map { "\($0.range.count)" }.joined(separator: ", ")
      return .rest(because: "buckets of \(counts.isEmpty ? "0" : counts) rowsets")
    }
    return .merge(
      bucket.range.prefix(rowsetCountMax),
      because: "\(bucket.range.count) rowsets of about \(ByteSize(Int(bucket.mean)))")
  }

  struct Bucket {
    var range: Range<Int>
    var sum: Double
    var mean: Double { sum / Double(range.count) }
  }

  /// Youngest first, which is smallest first.
  func buckets(of stack: RowsetStack) -> [Bucket] {
    var buckets: [Bucket] = []
    var size = 0
    for place in stack.rowsets.indices.reversed() {
      size = max(size, stack.rowsets[place].byteCount)
      if let last = buckets.last, isAlike(Double(size), last.mean) {
        buckets[buckets.count - 1].range = place..<last.range.upperBound
        buckets[buckets.count - 1].sum += Double(size)
      } else {
        buckets.append(Bucket(range: place..<place + 1, sum: Double(size)))
      }
    }
    return buckets
  }

  private func isAlike(_ size: Double, _ mean: Double) -> Bool {
    let isInside = mean * low < size && size < mean * high
    let areSmall = size < Double(byteCountMin) && mean < Double(byteCountMin)
    // Empty rowsets are alike: nothing lies strictly between multiples of 0.
    return isInside || areSmall || (size == 0 && mean == 0)
  }
}

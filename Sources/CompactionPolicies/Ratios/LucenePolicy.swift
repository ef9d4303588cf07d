import StorageBase
import TabletModel

/// The tiered merging of Apache Lucene, contiguous variant: allows a number of segments that grows
/// with the logarithm of the index, and beyond it merges those that are most alike in size.
///
/// 1. Sizes below `floor_mib` count as that. Segments above half of `max_merged_mib` are left alone
///    and break the stack apart.
/// 2. The number allowed: walk tiers from the smallest size up, `segments_per_tier` on each, each
///    tier as many times larger as a merge takes segments, until the bytes are used up.
/// 3. With more than allowed: from every segment on, take up to `at_once` neighbours that weigh at
///    most `max_merged_mib` together, and score them: the largest over the sum of floored sizes
///    (a balanced merge has a small share), times the 20th root of the sum (small merges first). A
///    merge to less than 1.5 times its largest is refused: it would make merging quadratic. The
///    least score wins, the older window among equals.
///
/// Adapted: Lucene sorts segments by size and packs any of them, since its documents have no order;
/// rowsets stand for ranges of versions, so windows of neighbours take their place. If the segments
/// allowed are exceeded and every window is refused, Lucene would find a better one among
/// non-neighbours; so that nothing starves here, the one with the least share is then taken. There
/// are no deletes in the sizes, hence no budget for them.
public struct LucenePolicy: StackPolicy {
  public static let name = "lucene-tiered"
  public static let summary =
    "with more segments than its logarithm allows, merges like sizes (contiguous variant)"
  public static let source = "Apache Lucene, TieredMergePolicy"

  let segmentsPerTier: Int
  let widthMax: Int
  let floorByteCount: Int
  let mergedByteCountMax: Int

  public init(_ parameters: inout PolicyParameters) {
    segmentsPerTier = parameters.integer(
      "segments_per_tier", default: 10, in: 2...1000, "segments allowed on each tier")
    widthMax = parameters.integer("at_once", default: 10, in: 2...1000, "most of a merge")
    floorByteCount = parameters.mebibytes(
      "floor_mib", default: 2, in: 0...(1 << 20), "smaller segments count as this size, in MiB")
    mergedByteCountMax = parameters.mebibytes(
      "max_merged_mib", default: 5 << 10, in: 1...(1 << 40), "most that a merge makes, in MiB")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "tiering", granularity: "window", movement: "best score",
      adjacency: "adjacent (contiguous variant)")
  }

  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let mergeable = mergeable(in: stack)
    let count = mergeable.count { $0 }
    let allowed = allowedCount(zip(stack.rowsets, mergeable).filter { $0.1 }.map(\.0.byteCount))
    let figures = "\(count) segments that can be merged, \(allowed) allowed"
    guard count > allowed else { return .rest(because: figures) }
    guard let best = best(in: stack, mergeable) else {
      return .rest(because: "\(figures), but no two are neighbours")
    }
    return .merge(best.range, because: figures)
  }

  /// Which segments are not too large.
  func mergeable(in stack: RowsetStack) -> [Bool] {
    stack.rowsets.map { $0.byteCount <= mergedByteCountMax / 2 }
  }

  func best(in stack: RowsetStack, _ mergeable: [Bool]) -> Candidate? {
    var best: Candidate?
    for start in stack.rowsets.indices {
      guard let candidate = candidate(from: start, stack.rowsets, mergeable) else { continue }
      if best.map(candidate.isBetter) ?? true { best = candidate }
    }
    return best
  }

  struct Candidate {
    var range: Range<Int>
    /// Whether the output would be little more than the largest input.
    var isLopsided: Bool
    var share: Double
    var score: Double

    func isBetter(than other: Candidate) -> Bool {
      if isLopsided != other.isLopsided { return !isLopsided }
      return isLopsided ? share < other.share : score < other.score
    }
  }

  /// The widest window from `start` on.
  func candidate(
    from start: Int, _ rowsets: [RowsetSummary], _ mergeable: [Bool]
  ) -> Candidate? {
    var byteCount = 0
    var floored = 0
    var largest = 0
    var end = start
    while end < rowsets.count, end - start < widthMax, mergeable[end],
      byteCount + rowsets[end].byteCount <= mergedByteCountMax
    {
      byteCount += rowsets[end].byteCount
      floored += flooredSize(rowsets[end].byteCount)
      largest = max(largest, rowsets[end].byteCount)
      end += 1
    }
    guard end - start > 1 else { return nil }
    // A window that ends at the greatest size is as good as a perfectly balanced one.
    let isFull = end < rowsets.count && end - start < widthMax && mergeable[end]
    let share =
      isFull ? 1 / Double(widthMax) : Double(flooredSize(largest)) / Double(max(floored, 1))
    return Candidate(
      range: start..<end, isLopsided: Double(byteCount) < 1.5 * Double(largest), share: share,
      score: binaryLogarithm(share) + 0.05 * binaryLogarithm(Double(max(byteCount, 1))))
  }

  private func flooredSize(_ byteCount: Int) -> Int { max(byteCount, floorByteCount, 1) }

  /// How many segments an index of these sizes may have.
  private func allowedCount(_ sizes: [Int]) -> Int {
    let growth = min(widthMax, segmentsPerTier)
    var level = flooredSize(sizes.min() ?? 0)
    var left = sizes.reduce(0, +)
    var allowed = 0
    while left / level >= segmentsPerTier, level < mergedByteCountMax {
      allowed += segmentsPerTier
      left -= segmentsPerTier * level
      level = min(level * growth, mergedByteCountMax)
    }
    return max(allowed + (left + level - 1) / level, segmentsPerTier)
  }
}

import StorageBase
import TabletModel

/// Universal compaction of RocksDB. Nothing happens below `trigger` rowsets; then the first of
/// these rules that finds something wins.
///
/// 1. *Age*: the oldest rowset was made `periodic_s` ago: merge all.
/// 2. *Space*: all but the oldest together weigh `max_size_amp` percent of it: merge all.
/// 3. *Size ratio*: from the youngest rowset on, then from the next one, and so on: take older ones
///    as long as what has been taken so far, plus `size_ratio` percent, is not less than the next.
///    At least `min_merge_width` make a merge, at most `max_merge_width`.
/// 4. *Run count*: more rowsets than the limit: merge the youngest so that the limit is met. The
///    limit is `max_read_amp`; -1 stands for `trigger`, and 0 for as many as there would be if each
///    had `size_ratio` percent more than all younger ones together, from one load up to the
///    largest.
///
/// The fourth rule with its default makes it a policy with a bound on rowsets, and an expensive
/// one; RocksDB has `max_read_amp` to tell the trigger and the limit apart (facebook/rocksdb PR
/// 12477).
///
/// While a merge runs the rules see what is free, as in RocksDB; the first two only what ends at
/// the oldest rowset.
///
/// Left out: the incremental variant and rules set off by deletes or reads, which need keys, and
/// the refinement by which the youngest files stay out of a merge for space.
public struct UniversalPolicy: StackPolicy {
  public static let name = "universal"
  public static let summary = "bounds space, then sizes, then the number of rowsets"
  public static let source = "RocksDB, universal compaction (compaction_picker_universal.cc)"

  let trigger: Int
  let sizeRatioPercent: Int
  let widthMin: Int
  let widthMax: Int
  let sizeAmplificationPercent: Int
  let readAmplificationMax: Int
  let periodSeconds: Double

  public init(_ parameters: inout PolicyParameters) {
    trigger = parameters.integer(
      "trigger", default: 4, in: 2...100_000, "rowsets below which nothing happens")
    sizeRatioPercent = parameters.integer(
      "size_ratio", default: 1, in: 0...1_000_000, "percent by which a next rowset may be larger")
    widthMin = parameters.integer(
      "min_merge_width", default: 2, in: 2...100_000, "least rowsets of a merge by size")
    widthMax = parameters.integer(
      "max_merge_width", default: 1_000_000, in: 2...1_000_000, "most rowsets of a merge by size")
    sizeAmplificationPercent = parameters.integer(
      "max_size_amp", default: 200, in: 0...1_000_000,
      "percent of the oldest rowset that the others may weigh")
    readAmplificationMax = parameters.integer(
      "max_read_amp", default: -1, in: -1...100_000,
      "limit of rowsets; -1 is the trigger, 0 follows from sizes")
    periodSeconds = parameters.number(
      "periodic_s", default: 0, in: 0...1e9, "age that sets off a merge of all; 0 is none")
    parameters.require(
      widthMin <= widthMax, "min_merge_width must not be greater than max_merge_width")
    parameters.require(
      readAmplificationMax <= 0 || readAmplificationMax >= trigger,
      "max_read_amp must be at least the trigger, or -1 or 0")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "space, run count, age", layout: "size-ratio stack", granularity: "window",
      movement: "youngest")
  }

  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    guard stack.count >= trigger, let oldest = stack.rowsets.first else {
      return .rest(because: "\(stack.count) rowsets, trigger \(trigger)")
    }
    let hasPeriod = stack.holdsOldest && periodSeconds > 0
    let dueAt = hasPeriod ? oldest.createdAt.advanced(bySeconds: periodSeconds) : nil
    if stack.holdsOldest, let choice = mergeOfAll(stack, oldest, dueAt) { return choice }
    if let range = similar(in: stack.rowsets) {
      return .merge(range, because: "size ratio: \(range.count) rowsets that grow slowly")
    }
    let limit = limit(of: stack)
    if stack.count > limit {
      return .merge(
        limit - 1..<stack.count, because: "run count: \(stack.count) rowsets, limit \(limit)")
    }
    return .rest(
      until: dueAt, because: "\(stack.count) rowsets, limit \(limit), none of similar size")
  }

  /// The first two rules.
  private func mergeOfAll(
    _ stack: RowsetStack, _ oldest: RowsetSummary, _ dueAt: Timestamp?
  ) -> StackChoice? {
    let all = 0..<stack.count
    if let dueAt, stack.now >= dueAt {
      return .merge(all, because: "age: the oldest was made at least \(periodSeconds) s ago")
    }
    let younger = stack.rowsets.dropFirst().totalByteCount
    guard Double(younger) * 100 >= Double(sizeAmplificationPercent) * Double(oldest.byteCount)
    else { return nil }
    return .merge(
      all, because: "space: \(ByteSize(younger)) beside \(ByteSize(oldest.byteCount))")
  }

  /// The third rule.
  private func similar(in rowsets: [RowsetSummary]) -> Range<Int>? {
    for end in stride(from: rowsets.count, through: 2, by: -1) {
      let range = similar(in: rowsets, endingAt: end)
      if range.count >= widthMin { return range }
    }
    return nil
  }

  /// What the third rule takes from the rowset before `end` on.
  func similar(in rowsets: [RowsetSummary], endingAt end: Int) -> Range<Int> {
    var start = end - 1
    var taken = Double(rowsets[start].byteCount)
    while start > 0, end - start < widthMax {
      let next = Double(rowsets[start - 1].byteCount)
      if taken * Double(100 + sizeRatioPercent) / 100 < next { break }
      taken += next
      start -= 1
    }
    return start..<end
  }

  func limit(of stack: RowsetStack) -> Int {
    guard readAmplificationMax <= 0 else { return readAmplificationMax }
    guard readAmplificationMax == 0 else { return trigger }
    let largest = Double(stack.rowsets.lazy.map(\.byteCount).max() ?? 0)
    var size = Double(stack.loadByteCount)
    var sum = 0.0
    var count = 1
    while size < largest {
      sum += size
      size = sum * Double(100 + sizeRatioPercent) / 100
      count += 1
    }
    return max(count, trigger)
  }
}

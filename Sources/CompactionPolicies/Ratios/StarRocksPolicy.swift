import StorageBase
import TabletModel

/// Size-tiered compaction of StarRocks: groups neighbours of similar size and merges the group that
/// scores highest.
///
/// 1. From the oldest on, a rowset begins a new group when the size of the group, that of its first
///    rowset, is above `min_level_kib` and at least `multiple` times that of the rowset.
///    Duplicate-key tables have a multiple of at least 10.
/// 2. Duplicate-key tables leave leading rowsets alone that are sorted and above 80 % of the size
///    of a segment file: nothing in them can be dropped.
/// 3. The score of a group is its segments plus what its data is worth: for duplicate keys, where
///    only bytes matter, twice the bytes after the first rowset in units of that; for other keys,
///    where reads have to merge, twice the segments but one, and once the bytes. What the data is
///    worth counts up to 15. Small groups get up to 8 more, and all twice as much when the tablet
///    is near its limit of versions.
/// 4. The highest score with at least `min(5, multiple)` segments is merged.
/// 5. A tablet whose first rowset is `base_interval_s` old is merged whole.
///
/// StarRocks looks at the highest score alone and does nothing if that group is too small, which
/// can starve another; here groups that are too small are passed over. Left out: delete versions,
/// which pull groups together there.
public struct StarRocksPolicy: StackPolicy {
  public static let name = "starrocks"
  public static let summary = "groups neighbours of similar size and merges the best-scored group"
  public static let source = "StarRocks, size_tiered_compaction_policy.cpp"

  let multiple: Int
  let levelByteCountMin: Int
  let levelCount: Int
  let segmentCountMin: Int
  let baseIntervalSeconds: Double
  let segmentFileByteCountMax: Int
  let versionCountMax: Int

  public init(_ parameters: inout PolicyParameters) {
    multiple = parameters.integer(
      "multiple", default: 5, in: 2...1000, "how much smaller a rowset of the next group is")
    levelByteCountMin =
      parameters.integer(
        "min_level_kib", default: 128, in: 0...(1 << 30), "groups of this size take all, in KiB")
      << 10
    levelCount = parameters.integer(
      "levels", default: 7, in: 1...12, "levels above the smallest that the score tells apart")
    segmentCountMin = parameters.integer(
      "min_segments", default: 5, in: 2...10_000, "least segments of a merge")
    baseIntervalSeconds = parameters.number(
      "base_interval_s", default: 86_400, in: 1...1e9, "age that sets off a merge of all")
    segmentFileByteCountMax = parameters.mebibytes(
      "max_segment_mib", default: 1024, in: 1...(1 << 20), "greatest size of a segment file, in MiB"
    )
    versionCountMax = parameters.integer(
      "max_versions", default: 1000, in: 10...100_000, "limit of versions of a tablet")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count, bytes, age", layout: "size-ratio stack", granularity: "group",
      movement: "best score")
  }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let multiple = multiple(for: stack.keysModel)
    var dueAt: Timestamp?
    if stack.count > 1, let first = stack.rowsets.first {
      let due = first.createdAt.advanced(bySeconds: baseIntervalSeconds)
      guard stack.now < due else {
        return .merge(
          0..<stack.count, because: "the first rowset is at least \(baseIntervalSeconds) s old")
      }
      dueAt = due
    }
    let groups = groups(of: stack, multiple: multiple)
    let least = segmentCountMin(multiple: multiple)
    let scored = groups.filter { $0.segmentCount >= least && $0.places.count > 1 }
      .map { (group: $0, score: score($0, of: stack, multiple: multiple)) }
    guard var best = scored.first else {
      let counts = groups.map { "\($0.segmentCount)" }.joined(separator: ", ")
      return .rest(until: dueAt, because: "groups of \(counts.isEmpty ? "0" : counts) segments")
    }
    for next in scored.dropFirst() where next.score > best.score { best = next }
    return .merge(
      best.group.places,
      because: "\(best.group.segmentCount) segments of \(ByteSize(best.group.byteCount)), "
        + "score \(Int(best.score))")
  }

  func multiple(for keysModel: KeysModel) -> Int {
    keysModel == .duplicate ? max(multiple, 10) : multiple
  }

  func segmentCountMin(multiple: Int) -> Int { max(2, min(segmentCountMin, multiple)) }

  struct Group {
    var places: Range<Int>
    /// That of the first rowset.
    var levelSize: Int
    var byteCount = 0
    var segmentCount = 0
  }

  private func levelByteCountMax(multiple: Int) -> Int {
    var size = max(levelByteCountMin, 1)
    for _ in 0..<levelCount where size <= Int.max / multiple { size *= multiple }
    return size
  }

  func groups(of stack: RowsetStack, multiple: Int) -> [Group] {
    let greatest = levelByteCountMax(multiple: multiple)
    var start = 0
    if stack.keysModel == .duplicate {
      let limit = Double(segmentFileByteCountMax) * 0.8
      start = stack.rowsets.prefix { !$0.segmentsOverlap && Double($0.byteCount) > limit }.count
    }
    var groups: [Group] = []
    for place in start..<stack.count {
      let size = max(stack.rowsets[place].byteCount, 1)
      let level = groups.last?.levelSize
      let isNew = level.map { $0 > levelByteCountMin && $0 / size > multiple - 1 } ?? true
      if isNew {
        groups.append(Group(places: place..<place, levelSize: min(size, greatest)))
      }
      groups[groups.count - 1].places = groups[groups.count - 1].places.lowerBound..<place + 1
      groups[groups.count - 1].byteCount += size
      groups[groups.count - 1].segmentCount += stack.rowsets[place].score
    }
    return groups
  }

  func score(_ group: Group, of stack: RowsetStack, multiple: Int) -> Double {
    let segments = Double(group.segmentCount)
    let data = Double(group.byteCount - group.levelSize) / Double(group.levelSize)
    let worth = stack.keysModel == .duplicate ? 2 * data : 2 * (segments - 1) + data
    var score = min(segments + worth, segments + Double(3 * self.multiple))
    let greatest = levelByteCountMax(multiple: multiple)
    var size = group.levelSize
    for _ in 0..<8 where size < greatest {
      score += 1
      size = size > greatest / multiple ? greatest : size * multiple
    }
    return stack.count > versionCountMax / 10 * 9 ? 2 * score : score
  }
}

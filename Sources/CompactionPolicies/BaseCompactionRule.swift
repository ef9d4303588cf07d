import StorageBase
import TabletModel

/// The base compaction of Apache Doris (`base_compaction.cpp`): when to merge what lies before the
/// cumulative point. Shared by the policies that promote rowsets there.
///
/// 1. Inputs are all rowsets before the cumulative point.
/// 2. In tables that keep every row, leading rowsets of `dup_key_max_file_size_mbytes` or more are
///    left out: nothing in them can be dropped, so rewriting them buys little (apache/doris
///    PR 9915).
/// 3. A single input, or the empty rowset a tablet is born with and one other, is left alone.
/// 4. Inputs end with the one that takes the total score over `base_max_score`.
/// 5. They are merged if there are more than `base_min_rowset_num`, or if all but the first weigh
///    more than `base_min_data_ratio` of the first, or if the first is older than
///    `base_interval_s`.
///
/// A tablet has at most one base job at a time; a cumulative job may run beside it.
struct BaseCompactionRule: Sendable {
  let rowsetCountMin: Int
  let dataRatioMin: Double
  let intervalSeconds: Double
  let scoreMax: Int
  let duplicateKeyByteCountMax: Int

  init(_ parameters: inout PolicyParameters) {
    rowsetCountMin = parameters.integer(
      "base_min_rowset_num", default: 5, in: 1...10_000,
      "base compaction runs with more rowsets than this")
    dataRatioMin = parameters.number(
      "base_min_data_ratio", default: 0.3, in: 0...1000,
      "or when the others weigh more than this share of the first")
    intervalSeconds = parameters.number(
      "base_interval_s", default: 86_400, in: 1...1e9,
      "or when the first is older than this, in seconds")
    scoreMax = parameters.integer(
      "base_max_score", default: 20, in: 1...100_000,
      "score at which the inputs of a base compaction end")
    duplicateKeyByteCountMax = parameters.mebibytes(
      "dup_key_max_file_size_mbytes", default: 1024, in: 0...(1 << 20),
      "duplicate-key tables leave leading rowsets of this size alone, in MiB; 0 rewrites all")
    parameters.require(
      rowsetCountMin <= scoreMax,
      "base_max_score must be at least base_min_rowset_num, or the latter is never exceeded")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.baseObstacle { return .wait(until: nil, because: obstacle) }
    let candidates = candidates(among: facts)
    guard let first = candidates.first, candidates.count > 1,
      candidates.count > 2 || first.versions != .initial
    else { return .wait(until: nil, because: "base: nothing promoted") }
    // Several rowsets, or one of many overlapping segments: a sorted one alone has score 1, which
    // is not over any limit.
    let inputs = withinScore(candidates)
    let othersByteCount = inputs.dropFirst().totalByteCount
    let ratio = Double(othersByteCount) / Double(max(first.byteCount, 1))
    let dueAt = first.createdAt.advanced(bySeconds: intervalSeconds)
    let reason: String
    if inputs.count > rowsetCountMin {
      reason = "base: \(inputs.count) rowsets, more than \(rowsetCountMin)"
    } else if ratio > dataRatioMin {
      reason = """
        base: \(ByteSize(othersByteCount)) beside \(ByteSize(first.byteCount)), \
        more than \(dataRatioMin) of it
        """
    } else if facts.now >= dueAt {
      reason = "base: the first rowset is at least \(intervalSeconds) s old"
    } else {
      return .wait(
        until: dueAt,
        because: "base: \(inputs.count) rowsets, \(ByteSize(othersByteCount)) beside "
          + "\(ByteSize(first.byteCount))")
    }
    return .compact([.merging(inputs, kind: .base)], because: reason)
  }

  func candidates(among facts: TabletFacts) -> ArraySlice<RowsetSummary> {
    let all = facts.baseRowsets[...]
    guard facts.keysModel == .duplicate, duplicateKeyByteCountMax > 0 else { return all }
    return all.drop { $0.byteCount >= duplicateKeyByteCountMax }
  }

  /// The candidates up to the one that takes the score over the limit.
  func withinScore(
    _ candidates: ArraySlice<RowsetSummary>
  ) -> ArraySlice<RowsetSummary> {
    var score = 0
    let end = candidates.firstIndex {
      score += $0.score
      return score > scoreMax
    }
    return end.map { candidates[...$0] } ?? candidates
  }
}

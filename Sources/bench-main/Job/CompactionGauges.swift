import BenchKit

/// What the rows of a timeline say of compaction, kept for the summary. Means are over time, and
/// only while work arrives: afterwards nothing but the wait is left. A value.
struct CompactionGauges {
  private var componentsSum = 0.0
  private var componentsMax = 0
  private var scoreSum = 0.0
  private var scoreMax = 0.0
  private var seconds = 0.0
  private var debtBytes = 0
  private var componentsNow = 0.0

  mutating func add(_ row: TimelineRow, isOver: Bool) {
    debtBytes = row.debtBytes ?? 0
    componentsNow = row.componentsMean ?? 0
    guard !isOver else { return }
    componentsSum += (row.componentsMean ?? 0) * row.intervalSeconds
    componentsMax = max(componentsMax, row.componentsMax ?? 0)
    scoreSum += (row.compactionScoreMean ?? 0) * row.intervalSeconds
    scoreMax = max(scoreMax, row.compactionScoreMax ?? 0)
    seconds += row.intervalSeconds
  }

  func fill(_ row: inout SummaryRow) {
    if seconds > 0 {
      row.componentsMean = componentsSum / seconds
      row.compactionScoreMean = scoreSum / seconds
      row.componentsMax = componentsMax
      row.compactionScoreMax = scoreMax
    }
    row.componentsFinal = componentsNow
    row.debtBytesFinal = debtBytes
  }
}

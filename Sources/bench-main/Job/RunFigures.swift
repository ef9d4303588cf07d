import BenchKit
import TabletEngine

// Figures that every kind of run has, from where they come into the rows of the CSV files.

extension TimelineRow {
  mutating func fill(_ tablets: TabletGauges) {
    componentsMean = tablets.componentsMean
    componentsMax = tablets.componentsMax
    compactionScoreMean = tablets.scoreMean
    compactionScoreMax = tablets.scoreMax
    debtBytes = tablets.debtBytes
    diskBytes = tablets.byteCount
  }

  /// - Parameter flushedBytes: by loads, so far.
  mutating func fill(_ jobs: CompactionLog.Totals, flushedBytes: Int) {
    bytesFlushed = flushedBytes
    bytesCompactedRead = jobs.readBytes
    bytesCompactedWritten = jobs.writtenBytes
    writeAmplification = jobs.writeAmplification(flushedBytes: flushedBytes)
  }

  /// Of the interval.
  mutating func fill(commits: LatencySnapshot, queries: LatencySnapshot) {
    commitP50Milliseconds = commits.p50Milliseconds
    commitP99Milliseconds = commits.p99Milliseconds
    queryP50Milliseconds = queries.p50Milliseconds
    queryP99Milliseconds = queries.p99Milliseconds
  }

  /// Parts of a line of progress.
  var latencyParts: [String] {
    [("commit", commitP99Milliseconds), ("query", queryP99Milliseconds)].compactMap { name, p99 in
      p99.map { "\(name) p99 \(formatFixed($0, places: 1)) ms" }
    }
  }
}

extension CompactionLog.Totals {
  /// (flushed + compacted) / flushed; nil before anything was flushed.
  func writeAmplification(flushedBytes: Int) -> Double? {
    guard flushedBytes > 0 else { return nil }
    return Double(flushedBytes + writtenBytes) / Double(flushedBytes)
  }
}

extension SummaryRow {
  mutating func fill(commits: LatencySnapshot, queries: LatencySnapshot) {
    commitP50Milliseconds = commits.p50Milliseconds
    commitP99Milliseconds = commits.p99Milliseconds
    commitMaxMilliseconds = commits.maxMilliseconds
    // A load is acknowledged after it has become visible, so the two are one moment.
    visibleP50Milliseconds = commits.p50Milliseconds
    visibleP99Milliseconds = commits.p99Milliseconds
    queryP50Milliseconds = queries.p50Milliseconds
    queryP95Milliseconds = queries.p95Milliseconds
    queryP99Milliseconds = queries.p99Milliseconds
    queryP999Milliseconds = queries.p999Milliseconds
  }

  /// - Parameter flushedBytes: by loads.
  mutating func fill(_ jobs: CompactionLog.Totals, flushedBytes: Int) {
    bytesFlushed = flushedBytes
    bytesCompactedRead = jobs.readBytes
    bytesCompactedWritten = jobs.writtenBytes
    writeAmplification = jobs.writeAmplification(flushedBytes: flushedBytes)
    compactions = jobs.jobs
    compactionCPUSeconds = jobs.cpuSeconds
  }

  /// How loads of a store were held back.
  mutating func fillStalls(of store: Store) {
    let slowing = store.slowingTotals
    stallCount = slowing.loadCount
    stallSeconds = slowing.seconds
    stallLongestSeconds = slowing.longestSeconds
  }

  /// What the process has used since the start of the run.
  mutating func fillUsage(since start: ProcessUsage, logicalBytes: Int) {
    let usage = ProcessUsage.current()
    let cpu = usage.cpuSeconds - start.cpuSeconds
    cpuSeconds = cpu
    peakRSSBytes = usage.peakRSSBytes
    if logicalBytes > 0 {
      cpuSecondsPerGiBIngested = cpu / (Double(logicalBytes) / Double(1 << 30))
    }
  }

  /// How many rowsets queries had to look at.
  mutating func fillReads(rowsets: Int, tablets: Int, most: Int) {
    guard tablets > 0 else { return }
    readAmplificationMean = Double(rowsets) / Double(tablets)
    readAmplificationMax = Double(most)
  }
}

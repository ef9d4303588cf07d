import BenchKit
import PolicyLab
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine

/// What a run measured: the row of `summary.csv`, and a table for people.
struct JobReport {
  let summary: SummaryRow
  let operations: [OperationRow]
  private let folder: String
  private let notes: [String]
  private let check: ContentCheck
  private let isInterrupted: Bool

  init(run: JobRun, sampler: Sampler, folder: RunFolder, isInterrupted: Bool) throws {
    self.folder = folder.path
    self.isInterrupted = isInterrupted
    check = try ContentCheck(run)
    let queries = run.counters.queryLatency.map { $0.snapshot() }
    var all = LatencySnapshot()
    for latency in queries { all.merge(latency) }
    let commits = run.counters.commitLatency.snapshot()
    operations =
      [OperationRow(runID: folder.runID, kind: "commit", errors: 0, latencies: commits)]
      + zip(run.workload.dashboard.kinds, queries).map { kind, latencies in
        OperationRow(runID: folder.runID, kind: kind, errors: 0, latencies: latencies)
      }
    var row = SummaryRow(
      runID: folder.runID, policy: run.policy.name, policyParameters: run.policy.parameterList,
      workload: run.workload.name, mode: "engine", seed: run.settings.seed)
    row.scheduler = run.settings.scheduler.fullSpec
    row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
    Self.fillTraffic(&row, run, sampler, commits, all)
    Self.fillStorage(&row, run, sampler)
    try Self.fillKeys(&row, run)
    if !isInterrupted { row.spaceAmplification = try Self.spaceAmplification(run) }
    if !check.isEqual { row.errors = (row.errors ?? 0) + 1 }
    summary = row
    notes = Self.notes(run, sampler)
  }

  /// Whether every operation succeeded and every acknowledged row was found.
  var isSound: Bool { summary.errors == 0 }

  func write(to folder: RunFolder) throws {
    for row in operations { try folder.append(row) }
    try folder.write(summary)
  }

  private static func fillTraffic(
    _ row: inout SummaryRow, _ run: JobRun, _ sampler: Sampler, _ commits: LatencySnapshot,
    _ queries: LatencySnapshot
  ) {
    let totals = run.counters.current
    let seconds = max(sampler.loadEnd?.seconds ?? 0, 1e-9)
    row.durationSeconds = seconds
    row.writers = run.settings.writers
    row.readers = run.settings.readers
    row.tablets = run.table.bucketCount
    row.rowsIngested = totals.rows
    row.bytesIngested = totals.logicalBytes
    row.rowsPerSecond = Double(totals.rows) / seconds
    row.commits = totals.commits
    row.commitsPerSecond = Double(totals.commits) / seconds
    row.queries = totals.queries
    row.queriesPerSecond = Double(totals.queries) / seconds
    row.fill(commits: commits, queries: queries)
    row.fillStalls(of: run.store)
    row.rejectedLoads = totals.rejectedLoads
    row.errors = totals.errors + run.compactions.current.failed
    row.fillReads(
      rowsets: totals.rowsetsRead, tablets: totals.tabletsRead, most: totals.rowsetsReadMax)
  }

  private static func fillStorage(_ row: inout SummaryRow, _ run: JobRun, _ sampler: Sampler) {
    let totals = run.counters.current
    let tablets = run.store.snapshot().flatMap(\.tablets)
    let liveBytes = tablets.reduce(0) { $0 + $1.byteCount }
    row.fill(run.compactions.current, flushedBytes: totals.flushedBytes)
    sampler.gaugesSoFar.fill(&row)
    if totals.queries > 0 { row.queryCPUSeconds = totals.queryCPUSeconds }
    row.fillUsage(since: run.startUsage, logicalBytes: totals.logicalBytes)
    if let end = ProcessUsage.deviceBytesWritten(), let start = run.startDeviceBytes {
      row.deviceBytesWritten = end - start
    }
    row.diskBytesFinal = liveBytes + tablets.reduce(0) { $0 + $1.staleByteCount }
    if totals.rows > 0 { row.bytesPerRow = Double(liveBytes) / Double(totals.rows) }
  }

  /// What keeping keys unique has taken.
  private static func fillKeys(_ row: inout SummaryRow, _ run: JobRun) throws {
    guard run.table.uniqueKeys != nil else { return }
    let table = try run.store.snapshot(of: run.table.name)
    let figures = try KeyFigures(table, seed: run.settings.seed)
    row.deleteBitmapBytes = figures.deleteByteCount
    row.keys = figures.keyCount
    row.keyIndexBytes = figures.indexByteCount
    row.keyLookupNanoseconds = figures.lookupNanoseconds
    guard figures.keyCount > 0 else { return }
    row.keyIndexBytesPerKey = figures.indexByteCount.map {
      Double($0) / Double(figures.keyCount)
    }
    // Rows that others have replaced are no rows of the table.
    row.bytesPerRow = row.bytesPerRow.map {
      $0 * Double(row.rowsIngested ?? 0) / Double(figures.keyCount)
    }
  }

  /// Bytes on disk, replaced rowsets included, against those after a full compaction.
  private static func spaceAmplification(_ run: JobRun) throws -> Double? {
    let table = try run.store.snapshot(of: run.table.name)
    let compacted = try table.fullyCompactedByteCount(
      segmentRowCountMax: run.store.options.segmentRowCountMax)
    guard compacted > 0 else { return nil }
    let stored = table.tablets.reduce(0) { $0 + $1.byteCount + $1.staleByteCount }
    return Double(stored) / Double(compacted)
  }

  private static func notes(_ run: JobRun, _ sampler: Sampler) -> [String] {
    var notes = run.counters.current.errorMessages
    if let error = run.compactions.current.firstError { notes.append("compaction: \(error)") }
    if let skipped = run.workload.inputReport { notes.append(skipped) }
    if let end = sampler.loadEnd {
      notes.append(
        "when the last load was acknowledged: write amp "
          + "\(formatFixed(end.writeAmplification, places: 2)), at most "
          + "\(end.versionsMax) versions a tablet")
    }
    return notes
  }

  var text: String {
    var lines = [
      "",
      "policy \(summary.policy), workload \(summary.workload), \(summary.writers ?? 0) writers, "
        + "\(summary.readers ?? 0) readers, \(summary.tablets ?? 0) tablets, "
        + "\(Workload.buildDescription)",
      "",
      SummaryTable(rows: [summary]).text,
      "",
      OperationTable(rows: operations).text,
      "",
      check.text,
    ]
    lines += notes.map { note in
      // Values quoted from a file may hold line ends.
      "note: " + String(note.map { $0.isNewline ? " " : $0 })
    }
    if isInterrupted { lines.append("interrupted: the figures cover what ran until then") }
    lines.append("CSV: \(folder)")
    return lines.joined(separator: "\n")
  }
}

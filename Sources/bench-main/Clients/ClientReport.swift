import BenchKit
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine

/// What a run of many clients measured: the rows of the CSV files, and a table for people.
struct ClientReport {
  let summary: SummaryRow
  let operations: [OperationRow]
  let timeline: [TimelineRow]
  private let folder: String
  private let notes: [String]
  private let check: ClientContentCheck
  private let caches: String

  init(run: ClientRun, sampler: ClientSampler, folder: RunFolder) throws {
    self.folder = folder.path
    timeline = sampler.timeline
    let table = try run.engine.store.snapshot(of: ShopOrders.tableName)
    check = try ClientContentCheck(run.writers, run.orders, table)
    let totals = run.counters.current
    operations = Self.operations(run, totals, runID: folder.runID)
    var row = SummaryRow(
      runID: folder.runID, policy: run.policy.name, policyParameters: run.policy.parameterList,
      workload: "shop", mode: "engine", seed: run.job.seed)
    row.scheduler = run.job.scheduler.fullSpec
    row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
    Self.fillTraffic(&row, run, sampler, totals)
    Self.fillStorage(&row, run, sampler, totals)
    Self.fillClients(&row, run, totals)
    row.tablets = table.tablets.count
    row.keys = try table.tablets.reduce(0) { $0 + (try $1.liveRowCount()) }
    row.deleteBitmapBytes = table.tablets.reduce(0) { $0 + $1.deleteByteCount }
    if !check.isEqual { row.errors = (row.errors ?? 0) + 1 }
    summary = row
    caches = run.engine.store.cacheCounters.map { cache in
      let asked = max(1, cache.hits + cache.misses)
      let share = formatFixed(100 * Double(cache.hits) / Double(asked), places: 1)
      return "\(cache.name) \(share) % of \(cache.hits + cache.misses) found, "
        + formatBytes(cache.byteCount)
        + (cache.evictions > 0 ? ", \(cache.evictions) times something let go of" : "")
    }.joined(separator: "; ")
    notes = totals.messages + [run.engine.compactions.current.firstError].compactMap { $0 }
  }

  /// Whether nothing failed, and every acknowledged row was found. What was refused has not failed.
  var isSound: Bool { summary.errors == 0 }

  func write(to folder: RunFolder) throws {
    for row in operations { try folder.append(row) }
    try folder.write(summary)
  }

  private static func operations(
    _ run: ClientRun, _ totals: ClientCounters.Totals, runID: String
  ) -> [OperationRow] {
    var loads = OperationRow(
      runID: runID, kind: "load", errors: totals.loadErrors,
      latencies: run.counters.loadLatency.snapshot())
    loads.refused = totals.loadRefusals
    return [loads]
      + QuestionKind.allCases.compactMap { kind in
        let latencies = run.counters.queryLatency[kind.rawValue].snapshot()
        let (errors, refused) = (
          totals.queryErrors[kind.rawValue], totals.queryRefusals[kind.rawValue]
        )
        guard latencies.count + errors + refused > 0 else { return nil }
        var row = OperationRow(runID: runID, kind: kind.name, errors: errors, latencies: latencies)
        row.refused = refused
        return row
      }
  }

  private static func fillTraffic(
    _ row: inout SummaryRow, _ run: ClientRun, _ sampler: ClientSampler,
    _ totals: ClientCounters.Totals
  ) {
    let seconds = max(sampler.loadSeconds, 1e-9)
    row.durationSeconds = seconds
    row.writers = run.settings.writerCount
    row.readers = run.settings.readerCount
    row.rowsIngested = totals.rows
    row.bytesIngested = totals.logicalBytes
    row.rowsPerSecond = Double(totals.rows) / seconds
    row.commits = totals.loads
    row.commitsPerSecond = Double(totals.loads) / seconds
    let loads = run.counters.loadLatency.snapshot()
    var queries = LatencySnapshot()
    // Full scans are no part of a mix.
    for kind in QuestionKind.allCases where kind != .fullScan {
      queries.merge(run.counters.queryLatency[kind.rawValue].snapshot())
    }
    row.queries = totals.queries
    row.queriesPerSecond = Double(totals.queries) / seconds
    row.fill(commits: loads, queries: queries)
    row.fillStalls(of: run.engine.store)
    row.rejectedLoads = totals.loadRefusals
    row.errors = totals.errors + run.engine.compactions.current.failed
    row.fillReads(
      rowsets: totals.rowsetsRead, tablets: totals.tabletsRead, most: totals.rowsetsReadMax)
  }

  private static func fillStorage(
    _ row: inout SummaryRow, _ run: ClientRun, _ sampler: ClientSampler,
    _ totals: ClientCounters.Totals
  ) {
    row.fill(run.engine.compactions.current, flushedBytes: totals.flushedBytes)
    sampler.gaugesSoFar.fill(&row)
    if totals.queries > 0 { row.queryCPUSeconds = totals.queryCPUSeconds }
    row.fillUsage(since: run.startUsage, logicalBytes: totals.logicalBytes)
    let tablets = run.engine.store.snapshot().flatMap(\.tablets)
    row.diskBytesFinal = tablets.reduce(0) { $0 + $1.byteCount + $1.staleByteCount }
  }

  private static func fillClients(
    _ row: inout SummaryRow, _ run: ClientRun, _ totals: ClientCounters.Totals
  ) {
    row.clients = run.settings.clients
    row.writeShare = run.settings.writeShare
    row.mix = run.settings.mix.rawValue
    row.offeredOperations = run.workers.offeredCount
    row.refusedQueries = totals.queryRefusals.reduce(0, +)
    row.givenUpOperations = totals.givenUp
    row.inFlightMax = run.crowd.busyCountMax
    let counters = run.queues.counters
    row.waitingMax = (counters.loads + counters.questions).map(\.waitingCountMax).max()
    row.accountedPeakBytes = run.queues.memory.peakByteCount
    row.versions = totals.versions
    row.cancelOverrunMaxMilliseconds = totals.overrunMax.map { Double($0) / 1e6 }
    row.fill(run.engine.store.cacheCounters)
    row.keyIndexRowsRead = run.engine.store.keyIndexRowsRead
    row.warmedPages = run.engine.compactions.current.warmedPages
  }

  var text: String {
    var lines = [
      "",
      "\(summary.clients ?? 0) clients, \(summary.writers ?? 0) of them write; mix "
        + "\(summary.mix ?? ""), policy \(summary.policy), "
        + "\(formatFixed(summary.durationSeconds ?? 0, places: 1)) s, "
        + Workload.buildDescription,
      "",
      SummaryTable(rows: [summary]).text,
      "",
      OperationTable(rows: operations).text,
      "",
      "offered \(summary.offeredOperations ?? 0) operations; refused: "
        + "\(summary.rejectedLoads ?? 0) loads, \(summary.refusedQueries ?? 0) queries, "
        + "\(summary.givenUpOperations ?? 0) given up; in flight at most "
        + "\(summary.inFlightMax ?? 0), in line at most \(summary.waitingMax ?? 0); "
        + "\(summary.commits ?? 0) loads became \(summary.versions ?? 0) versions",
      "caches: " + caches, check.text,
    ]
    lines += notes.map { "note: \($0)" }
    lines.append("CSV: \(folder)")
    return lines.joined(separator: "\n")
  }
}

extension SummaryRow {
  fileprivate mutating func fill(_ caches: [CacheCounters]) {
    for cache in caches {
      switch cache.name {
      case "segment":
        (segmentCacheHits, segmentCacheMisses, segmentCacheBytes) = cache.figures
        segmentCacheEvictions = cache.evictions
      case "page": (pageCacheHits, pageCacheMisses, pageCacheBytes) = cache.figures
      case "row": (rowCacheHits, rowCacheMisses, rowCacheBytes) = cache.figures
      case "index": (indexCacheHits, indexCacheMisses, indexCacheBytes) = cache.figures
      case "index_result":
        (indexResultCacheHits, indexResultCacheMisses, indexResultCacheBytes) = cache.figures
      case "key_index":
        (keyIndexCacheHits, keyIndexCacheMisses, keyIndexCacheBytes) = cache.figures
        keyIndexCacheEvictions = cache.evictions
      default: preconditionFailure("a cache without columns: \(cache.name)")
      }
    }
  }
}

extension CacheCounters {
  fileprivate var figures: (Int, Int, Int) { (hits, misses, byteCount) }
}

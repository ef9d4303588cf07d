import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Damage at random places of random stores. After a repair the store is sound, no row is there
/// that was not there before, no row of an undamaged page is gone, and the report accounts for
/// every row that is. SEDIMENT_DAMAGE_SEED=S runs one seed again.
@Suite struct RandomDamageTests {
  private struct Store {
    let disk: MemoryFileSystem
    let history: DamageHistory
    /// By path of a segment file: its rows, by the page they are on. Of visible rowsets.
    let pages: [String: [[TestStore.Row]]]
  }

  private func makeStore(_ random: inout SeededGenerator) throws -> Store {
    let disk = MemoryFileSystem()
    var options = StoreOptions(staleGraceSeconds: 1000)
    options.inlineRowsetByteCountMax = [0, 1500, 1 << 16][Int(random.next() % 3)]
    options.logFileByteCountMax = [2500, 1 << 20][Int(random.next() % 2)]
    options.segmentRowCountMax = [20, 1 << 20][Int(random.next() % 2)]
    let store = try TabletEngine.Store.create(
      TestStore.path, files: disk, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: options)
    try store.createTable(
      random.next() % 2 == 0
        ? TestStore.indexedDefinition(buckets: 2) : TestStore.definition(buckets: 2))
    var history = DamageHistory()
    for number in 0..<3 + Int(random.next() % 9) {
      try history.grow(store, number: number, &random)
      switch random.next() % 6 {
      case 0: BackupTests.compact(store)
      case 1: try store.checkpoint()
      case 2:
        (store.clock as? ManualClock)?.advance(bySeconds: Double(random.next() % 2) * 2000)
        try store.sweepStaleRowsets()
      default: break
      }
    }
    var pages: [String: [[TestStore.Row]]] = [:]
    for segment in store.snapshot().flatMap(\.tablets).flatMap(\.segments) where !segment.isInline {
      let rows = try TestStore.rows(of: [segment])
      let reader = try segment.reader()
      pages[segment.path] = (0..<reader.pageCount).map { Array(rows[reader.rowRange(ofPage: $0)]) }
    }
    return Store(disk: disk.crash(seed: 0), history: history, pages: pages)
  }

  private static let seeds = RandomDamage.seeds(250)

  @Test func everyRowIsAccountedFor() throws {
    var outcomes: [String: Int] = [:]
    for seed in Self.seeds {
      do {
        outcomes[try check(seed), default: 0] += 1
      } catch {
        Issue.record(
          "\(error)\nSEDIMENT_DAMAGE_SEED=\(seed) ./dev test --filter RandomDamageTests")
      }
    }
    guard Self.seeds.count > 100 else { return }
    let expected = [
      "sound", "rows lost", "promised rows lost", "load aborted", "no row lost", "log cut",
      "refused",
    ]
    for outcome in expected {
      #expect(outcomes[outcome, default: 0] > 0, "\(outcomes)")
    }
  }

  private func check(_ seed: UInt64) throws -> String {
    var random = SeededGenerator(seed: seed)
    let store = try makeStore(&random)
    let before = try BackupTests.tree(store.disk, TestStore.path)
    let path = try RandomDamage.add(to: store.disk, &random)
    let damaged = try BackupTests.tree(store.disk, TestStore.path)
    let comment: Comment = "seed \(seed), \(path)"
    let report: RepairReport
    do {
      report = try RepairTests.repair(store.disk)
    } catch StorageError.damaged {
      // Only without its checkpoint, or what comes before any log, a store cannot be mended.
      let isBeyondRepair = path.hasSuffix(".ckpt") || path.hasSuffix("0000000001.log")
      #expect(isBeyondRepair, comment)
      #expect(try BackupTests.tree(store.disk, TestStore.path) == damaged, comment)
      return "refused"
    }
    #expect(report.remaining.problems == [], comment)
    let after = try TestStore.open(store.disk.crash(seed: seed))
    guard !after.snapshot().isEmpty else {
      // The table was created in the log that is lost.
      #expect(path.hasSuffix(".log"), comment)
      return "log cut"
    }
    let outcome = try Outcome(after)
    let newestLog = before.keys.filter { $0.hasSuffix(".log") }.max()
    // The end of the newest log can be gone without a trace.
    let isLogWhole = report.logDamage == nil && report.tornByteCount == 0 && path != newestLog
    if isLogWhole {
      checkRowsets(store.history, outcome, report, comment)
      try checkPages(store, outcome.rows, before, damaged, path, comment)
    } else {
      let isFlip = damaged[path]?.count == before[path]?.count
      checkCut(store.history, outcome, report, isFlip: isFlip, comment)
    }
    if report.isEmpty { return outcome.rows == store.history.last.rows ? "sound" : "silent" }
    if report.logDamage != nil { return "log cut" }
    if !report.damagedGroupRows.isEmpty { return "promised rows lost" }
    if report.rowsets.contains(where: { $0.remedy == .aborted }) { return "load aborted" }
    return report.losesRows ? "rows lost" : "no row lost"
  }

  /// What a client finds after a repair.
  private struct Outcome {
    /// With what was promised, but not what waits.
    let rows: Set<TestStore.Row>
    /// What waits, by label.
    let waiting: [String: Set<TestStore.Row>]

    init(_ store: TabletEngine.Store) throws {
      try store.flushGroupLoads()
      var all = try TestStore.contents(of: store)
      rows = Set(all)
      #expect(rows.count == all.count, "a row is there twice")
      var waiting: [String: Set<TestStore.Row>] = [:]
      for transaction in store.allTransactions() where transaction.state == .precommitted {
        try store.commit(transaction: transaction.id)
        let more = try TestStore.contents(of: store)
        waiting[transaction.label] = Set(more).subtracting(all)
        #expect(more.count == all.count + (waiting[transaction.label]?.count ?? 0))
        all = more
      }
      self.waiting = waiting
    }
  }

  /// The log is whole: what is missing is told exactly, and what waits is whole or aborted.
  private func checkRowsets(
    _ history: DamageHistory, _ outcome: Outcome, _ report: RepairReport, _ comment: Comment
  ) {
    let expected = history.last
    #expect(outcome.rows.isSubset(of: expected.rows), comment)
    let visible = report.rowsets.filter { $0.remedy != .aborted }
    let promised = report.damagedGroupRows.map { history.promises[Int($0.ordinal)] }
    let told =
      visible.reduce(0) { $0 + $1.lostRowCount } + promised.reduce(0) { $0 + $1.count }
    #expect(expected.rows.count - outcome.rows.count == told, comment)
    for rows in promised { #expect(outcome.rows.isDisjoint(with: rows), comment) }
    let aborted = report.rowsets.filter { $0.remedy == .aborted }.reduce(0) { $0 + $1.lostRowCount }
    let given = expected.waiting.filter { outcome.waiting[$0.key] == nil }
    #expect(given.values.reduce(0) { $0 + $1.count } == aborted, comment)
    for (label, rows) in outcome.waiting {
      #expect(expected.waiting[label].map(Set.init) == rows, comment)
    }
  }

  /// Whatever happened to the log: apart from rows of damaged rowsets, the store is as it was after
  /// some change. When the log was cut there, all changes behind it are told but that in the
  /// damaged frame.
  private func checkCut(
    _ history: DamageHistory, _ outcome: Outcome, _ report: RepairReport, isFlip: Bool,
    _ comment: Comment
  ) {
    guard report.rowsets.allSatisfy({ $0.lostRowCount == 0 }), report.damagedGroupRows.isEmpty
    else { return }
    let candidates = history.states.indices.filter { index in
      let state = history.states[index]
      // Aborts behind a cut are kept.
      let waiting = state.waiting.filter { label, _ in
        outcome.waiting[label] != nil || !history.isAborted(label, from: index)
      }
      return state.rows == outcome.rows && waiting.mapValues(Set.init) == outcome.waiting
    }
    #expect(!candidates.isEmpty, comment)
    guard report.logDamage != nil else { return }
    #expect(
      candidates.contains { history.states[$0].commitCount == report.lastCommitSequence }, comment)
    // All that a client was promised and does not have.
    let last = history.last
    let promised = last.rows.union(last.waiting.values.flatMap { $0 })
    let kept = outcome.rows.union(outcome.waiting.values.flatMap { $0 })
    let missing = promised.subtracting(kept).count
    let told = report.lostLoads.reduce(0) { $0 + $1.lostRowCount } + report.lostGroupRowCount
    #expect(told <= missing, comment)
    guard isFlip else { return }
    let isTold = candidates.contains { missing == told + history.rowCount(ofChange: $0) }
    #expect(isTold || missing == told, "\(missing) missing, \(told) told: \(comment)")
  }

  /// Files that were not touched keep their rows, and one of which a page was touched keeps those
  /// of all others.
  private func checkPages(
    _ store: Store, _ found: Set<TestStore.Row>, _ before: [String: [UInt8]],
    _ damaged: [String: [UInt8]], _ path: String, _ comment: Comment
  ) throws {
    for (file, pages) in store.pages {
      guard let old = before[file] else { continue }
      var spared = Array(pages.indices)
      if file == path {
        guard let new = damaged[file], new.count == old.count,
          let touched = old.indices.first(where: { old[$0] != new[$0] })
        else { continue }
        let reader = try SegmentReader(file: MemoryFile(path: file, bytes: old))
        let page = try reader.describe().columns.lazy.compactMap { column in
          column.pages.firstIndex {
            (Int($0.offset)..<Int($0.offset) + $0.storedByteCount).contains(touched)
          }
        }.first
        // Anything else, such as a footer, may be what all pages need.
        guard let page else { continue }
        spared.removeAll { $0 == page }
      }
      for page in spared {
        #expect(pages[page].allSatisfy(found.contains), "page \(page) of \(file): \(comment)")
      }
    }
  }
}

import Foundation
import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Damage at random places of random stores. After a repair the store is sound, no row is there
/// that was not there before, no row of an undamaged page is gone, and the report accounts for
/// every row that is. SEDIMENT_DAMAGE_SEED=S runs one seed again.
@Suite struct RandomDamageTests {
  /// What one damage may cost at most, worked out from the sound store.
  private struct Store {
    let disk: MemoryFileSystem
    let rows: [TestStore.Row]
    /// By path of a segment file: its rows, by the page they are on.
    let pages: [String: [[TestStore.Row]]]
    /// By load, in order of commit, the rows.
    let loads: [[TestStore.Row]]
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
    var loads: [[TestStore.Row]] = []
    for load in 0..<3 + Int(random.next() % 6) {
      let rows = TestStore.rows(load: load, count: 1 + Int(random.next() % 60), random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      loads.append(rows)
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
    return Store(
      disk: disk.crash(seed: 0), rows: TestStore.sorted(loads.flatMap { $0 }), pages: pages,
      loads: loads)
  }

  /// One file damaged in one way.
  private func damage(_ disk: MemoryFileSystem, _ random: inout SeededGenerator) throws -> String {
    let tree = try BackupTests.tree(disk, TestStore.path)
    let paths = tree.keys.filter { !$0.hasSuffix("SEDIMENT") && tree[$0] != [] }.sorted()
    let path = paths[Int(random.next() % UInt64(paths.count))]
    let byteCount = tree[path]?.count ?? 0
    switch random.next() % 8 {
    case 0: try disk.remove(path)
    case 1:
      let file = try disk.openForAppending(path, cause: .tool)
      try file.truncate(to: UInt64(random.next() % UInt64(byteCount)))
      try file.sync()
    default:
      try BackupTests.flip(
        disk, path, byte: Int(random.next() % UInt64(byteCount)), bit: Int(random.next() % 8))
    }
    return path
  }

  private static let seeds: Range<UInt64> = {
    func number(_ variable: String) -> UInt64? {
      ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }
    if let seed = number("SEDIMENT_DAMAGE_SEED") { return seed..<seed + 1 }
    return 0..<(number("SEDIMENT_SOAK_SEEDS") ?? 400)
  }()

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
    for outcome in ["sound", "rows lost", "no row lost", "log cut", "refused"] {
      #expect(outcomes[outcome, default: 0] > 0, "\(outcomes)")
    }
  }

  private func check(_ seed: UInt64) throws -> String {
    var random = SeededGenerator(seed: seed)
    let store = try makeStore(&random)
    let before = try BackupTests.tree(store.disk, TestStore.path)
    let path = try damage(store.disk, &random)
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
    let found = try TestStore.contents(of: after)
    let foundSet = Set(found)
    #expect(foundSet.count == found.count, "a row is there twice: \(comment)")
    #expect(foundSet.isSubset(of: Set(store.rows)), comment)
    let missing = store.rows.count - found.count
    let toldByLoads = report.lostLoads.flatMap(\.rows.values).reduce(0, +)
    let newestLog = before.keys.filter { $0.hasSuffix(".log") }.max()
    // The end of the newest log can be gone without a trace.
    let isLogWhole = report.logDamage == nil && report.tornByteCount == 0 && path != newestLog
    if isLogWhole {
      #expect(missing == report.lostRowCount, comment)
    } else {
      // Loads that cannot be read are not told one by one, but all that is missing is whole loads
      // from some place on, or told.
      #expect(missing >= report.lostRowCount + (report.logDamage == nil ? 0 : toldByLoads), comment)
      checkPrefix(store, foundSet, report, comment)
    }
    if isLogWhole { try checkPages(store, foundSet, before, damaged, path, comment) }
    if report.isEmpty { return missing == 0 ? "sound" : "silent" }
    if report.logDamage != nil { return "log cut" }
    return missing > 0 ? "rows lost" : "no row lost"
  }

  /// Whatever happens to the log: apart from rows of damaged rowsets, loads are there up to one.
  private func checkPrefix(
    _ store: Store, _ found: Set<TestStore.Row>, _ report: RepairReport, _ comment: Comment
  ) {
    guard report.rowsets.allSatisfy({ $0.lostRowCount == 0 }) else { return }
    let isThere = store.loads.map { $0.allSatisfy(found.contains) }
    let isGone = store.loads.map { $0.allSatisfy { !found.contains($0) } }
    let count = isThere.prefix { $0 }.count
    #expect(isGone[count...].allSatisfy { $0 }, comment)
    if report.logDamage != nil {
      #expect(Int(report.lastCommitSequence) == count, comment)
    }
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

import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Damage at random places of random stores with a unique-key table. After a repair the store is
/// sound, each key has one row at most, none that was deleted or replaced has come back untold, and
/// the report accounts for every row. SEDIMENT_DAMAGE_SEED=S runs one seed again.
@Suite struct UniqueDamageTests {
  private typealias Row = UniqueKeyModel.Row

  /// A store and what it holds.
  private struct Sample {
    let shape: UniqueKeyModel.Shape
    let disk: MemoryFileSystem
    var model: UniqueKeyModel
    /// By key, all rows that it has ever had, and those that came too late.
    var past: [Row: Set<Row>] = [:]

    func byKey(_ rows: [Row]) -> [Row: Row] {
      Dictionary(uniqueKeysWithValues: rows.map { (Array($0.prefix(model.keyCount)), $0) })
    }
  }

  private static func shape(_ random: inout SeededGenerator) -> UniqueKeyModel.Shape {
    var shape = UniqueKeyModel.Shape()
    func isSo() -> Bool { random.next() % 2 == 0 }
    shape.merge = random.next() % 4 == 0 ? .onRead : .onWrite
    shape.index = isSo() ? .hash : .sorted
    shape.hasSequence = isSo()
    shape.hasStringKey = isSo()
    shape.buckets = isSo() ? 1 : 2
    shape.rowStore = isSo() ? nil : .all
    shape.rowStoreCompression = isSo() ? .none : .lz4
    shape.partialUpdates = isSo() ? .rewrite : .delta
    return shape
  }

  private static func makeSample(_ random: inout SeededGenerator) throws -> Sample {
    let disk = MemoryFileSystem()
    var options = StoreOptions(staleGraceSeconds: random.next() % 2 == 0 ? 0 : 1000)
    options.inlineRowsetByteCountMax = [0, 0, 900, 1 << 16][Int(random.next() % 4)]
    options.logFileByteCountMax = [2500, 1 << 20][Int(random.next() % 2)]
    options.segmentRowCountMax = [20, 1 << 20][Int(random.next() % 2)]
    let shape = shape(&random)
    let store = try Store.create(
      TestStore.path, files: disk, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: options)
    try store.createTable(UniqueKeyModel.definition(shape))
    var sample = Sample(shape: shape, disk: disk, model: UniqueKeyModel(shape))
    for number in 0..<4 + Int(random.next() % 10) {
      try grow(&sample, store, number, &random)
      for row in sample.model.visible {
        sample.past[Array(row.prefix(sample.model.keyCount)), default: []].insert(row)
      }
    }
    return Sample(
      shape: shape, disk: disk.crash(seed: 0), model: sample.model, past: sample.past)
  }

  private static func grow(
    _ sample: inout Sample, _ store: Store, _ number: Int, _ random: inout SeededGenerator
  ) throws {
    switch random.next() % 10 {
    case 0, 1:
      UniqueKeyHistory.compact(
        store,
        RandomRangePolicy(seed: random.next(), includesBase: !sample.shape.hasSequence),
        seed: random.next())
    case 2: try store.checkpoint()
    case 3..<7 where sample.shape.merge == .onWrite:
      let load = try PartialKeyLoad(
        sample.model.makeLoad(number, &random), sample.model, &random)
      sample.model.publish(load, sequence: try store.commit(load.prepare(in: store)).sequence)
    default:
      let load = try sample.model.makeLoad(number, &random)
      for (row, isDelete) in load.rows where !isDelete {
        sample.past[Array(row.prefix(sample.model.keyCount)), default: []].insert(row)
      }
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      sample.model.publish(load, sequence: try store.commit(builder.prepare()).sequence)
    }
  }

  @Test func everyRowIsAccountedFor() throws {
    var outcomes: [String: Int] = [:]
    let seeds = RandomDamage.seeds(300)
    for seed in seeds {
      do {
        for outcome in try check(seed) { outcomes[outcome, default: 0] += 1 }
      } catch {
        Issue.record(
          "\(error)\nSEDIMENT_DAMAGE_SEED=\(seed) ./dev test --filter UniqueDamageTests")
      }
    }
    guard seeds.count > 100 else { return }
    let expected = [
      "sound", "rows lost", "older values", "log cut", RepairReport.Remedy.compactedAgain.rawValue,
      RepairReport.Remedy.rewritten.rawValue, RepairReport.Remedy.partlySaved.rawValue,
      RepairReport.Remedy.dropped.rawValue,
    ]
    for outcome in expected { #expect(outcomes[outcome, default: 0] > 0, "\(outcomes)") }
  }

  private func check(_ seed: UInt64) throws -> [String] {
    var random = SeededGenerator(seed: seed)
    let sample = try Self.makeSample(&random)
    let tree = try BackupTests.tree(sample.disk, TestStore.path)
    let hasFiles = tree.keys.contains { $0.contains("/data/") }
    let part = ["", "/log/"] + [String](repeating: hasFiles ? "/data/" : "", count: 4)
    let path = try RandomDamage.add(
      to: sample.disk, pathPart: part[Int(random.next() % UInt64(part.count))], &random)
    let comment: Comment = "seed \(seed), \(sample.shape), \(path)"
    let report: RepairReport
    do {
      report = try RepairTests.repair(sample.disk)
    } catch StorageError.damaged {
      #expect(path.hasSuffix(".ckpt") || path.hasSuffix("0000000001.log"), comment)
      return ["refused"]
    }
    #expect(report.remaining.problems == [], comment)
    let store = try TestStore.open(sample.disk.crash(seed: seed))
    guard !store.snapshot().isEmpty else { return ["log cut"] }
    let rows = try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
    #expect(Set(rows.map { $0.prefix(sample.model.keyCount) }).count == rows.count, comment)
    let newestLog = tree.keys.filter { $0.hasSuffix(".log") }.max()
    if report.logDamage == nil, report.tornByteCount == 0, path != newestLog {
      compare(sample, sample.model.visible, rows, report, comment)
    } else if report.rowsets.isEmpty {
      let isKnown =
        report.logDamage == nil
        ? sample.model.history.values.contains(rows)
        : sample.model.history[report.lastCommitSequence] == rows
      #expect(isKnown, comment)
    }
    try goOn(sample, store, comment)
    var outcomes = report.rowsets.map(\.remedy.rawValue)
    if report.isEmpty { outcomes.append("sound") }
    if report.logDamage != nil { outcomes.append("log cut") }
    if report.lostRowCount > 0 { outcomes.append("rows lost") }
    if report.outdatedRowCount > 0 { outcomes.append("older values") }
    return outcomes
  }

  private func compare(
    _ sample: Sample, _ expected: [Row], _ rows: [Row], _ report: RepairReport, _ comment: Comment
  ) {
    let (expected, found) = (sample.byKey(expected), sample.byKey(rows))
    let missing = expected.keys.count { found[$0] == nil }
    let others = found.filter { expected[$0.key] != $0.value }
    for (key, row) in others {
      // Every value is one that the key has had.
      let past = sample.past[key] ?? []
      let isPast = row.indices.allSatisfy { column in past.contains { $0[column] == row[column] } }
      #expect(isPast, "\(row): \(comment)")
    }
    if sample.shape.merge == .onWrite {
      #expect(missing == report.lostRowCount, comment)
      #expect(others.count <= report.outdatedRowCount, comment)
      #expect(others.keys.allSatisfy { expected[$0] != nil }, comment)
    } else {
      #expect(missing <= report.lostRowCount, comment)
      #expect(others.count <= report.rowsets.reduce(0) { $0 + $1.unknownKeyCount }, comment)
    }
  }

  /// Rows of all keys come, greater than all before; nothing is left of the others.
  private func goOn(_ sample: Sample, _ store: Store, _ comment: Comment) throws {
    let keys = Set(sample.past.keys)
    let rows = sample.model.wholeRows(of: keys).map { row -> (row: Row, isDelete: Bool) in
      var row = row.row
      row[sample.model.keyCount] = .integer(1000)
      return (row, false)
    }
    let load = try sample.model.load(of: rows)
    try store.load(load.batch, into: UniqueKeyModel.table)
    for isCompacted in [false, true] {
      if isCompacted {
        UniqueKeyHistory.compact(store, RandomRangePolicy(seed: 1), seed: 1)
      }
      let table = try store.snapshot(of: UniqueKeyModel.table)
      #expect(
        try UniqueKeyModel.contents(of: table) == TestStore.sorted(rows.map(\.row)), comment)
    }
    #expect(StoreVerifier(store).run().problems == [], comment)
  }
}

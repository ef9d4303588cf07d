import Foundation
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Stores written by earlier programs stay readable. With SEDIMENT_WRITE_FIXTURES=1 in the
/// environment those that are missing are written, into the source tree; others never change.
@Suite struct FixtureTests {
  /// Inline rowsets, files, a compaction, stale rowsets, a checkpoint and a log after it.
  private func fill(_ store: Store, _ definition: TableDefinition) throws {
    try store.createTable(definition)
    for row in 0..<8 {
      try store.load(TestStore.batch(rows(of: row)), into: TestStore.tableName)
      if row == 5 {
        let scheduler = CompactionScheduler(
          store: store, policy: EagerPolicy(),
          lanes: [
            CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())
          ])
        scheduler.start()
        scheduler.stop(cancelRunning: false)
        try store.checkpoint()
      }
    }
  }

  private func rows(of load: Int, count: Int = 20) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: count, random: &random)
  }

  @Test func storesOfVersionOneAreReadable() throws {
    try check("store-v1", try TestStore.definition(buckets: 2))
  }

  /// With a pruning section in the log and the checkpoint, and indexes in all segments.
  @Test func storesWithIndexesAreReadable() throws {
    let table = try check("store-v1-indexes", try TestStore.indexedDefinition(buckets: 2))
    #expect(table.definition == (try TestStore.indexedDefinition(buckets: 2)))
    for segment in table.tablets.flatMap(\.segments) {
      #expect(try segment.reader().hasInvertedIndexes)
    }
  }

  /// Log format 2 and checkpoint format 3: labels, loads that wait for a decision, rows of group
  /// loads, table properties, each before the checkpoint and after it.
  @Test func storesWithTransactionsAreReadable() throws {
    try check("store-v2", try definitionWithDurability(), adding: addTransactions) { store in
      let states = store.allTransactions().map { "\($0.label) \($0.state)" }
      #expect(
        states == [
          "waits 0 precommitted", "waits 1 precommitted", "commits 0 visible",
          "aborts 0 aborted", "commits 1 visible", "aborts 1 aborted", "last visible",
        ])
      #expect(
        try store.snapshot(of: TestStore.tableName).definition == definitionWithDurability())
      // What waits can be decided.
      try store.commit(label: "waits 0")
      try store.abort(label: "waits 1")
      try store.flushGroupLoads()
      let added = try TestStore.contents(of: store).count { self.load(of: $0) >= 100 }
      #expect(added == 2 * 20 + 2 * 20 + 20)
    }
  }

  /// Checkpoint format 4: states before the checkpoint can be asked for.
  @Test func storesWithHistoryAreReadable() throws {
    let table = try check("store-history", try TestStore.definition(buckets: 2))
    for sequence in 0...8 {
      let old = try #require(table.asOf(sequence: UInt64(sequence)), "\(sequence)")
      let found = try TestStore.rows(of: old.tablets.flatMap(\.segments))
      let expected = (0..<sequence).flatMap { rows(of: $0) }
      #expect(TestStore.sorted(found) == TestStore.sorted(expected))
    }
    // Earlier formats know the state of the checkpoint and what came after it.
    let older = try check("store-v1", try TestStore.definition(buckets: 2))
    #expect(older.heldSequences.map(\.lowerBound) == [6])
    #expect(older.asOf(sequence: 7)?.rowCount == 140 && older.asOf(sequence: 5) == nil)
  }

  /// A repair in the log: of a rowset that gives way to those it was merged from, one of which is
  /// saved in part, and of a stale one.
  @Test func storesWithARepairInTheLogAreReadable() throws {
    let definition = try TestStore.definition(buckets: 2)
    let options = StoreOptions(inlineRowsetByteCountMax: 1000)
    try check("store-repaired", definition, options: options, adding: addRepair) { store in
      let repairs = try repairs(in: store)
      #expect(repairs.count == 1)
      let parts = repairs.flatMap(\.parts)
      #expect(parts.map(\.repair.replacements.count) == [1, 0])
      #expect(parts.map(\.repair.dropped.count) == [1, 1])
      #expect(parts.map(\.saved.count) == [1, 0])
      #expect(parts[0].repair.replacements[0].successors.count > 3)
      // One page of one load is lost.
      let found = try TestStore.contents(of: store).filter { load(of: $0) >= 100 }
      let expected = (100..<103).flatMap { rows(of: $0, count: 80) }
      #expect(found.count == expected.count - definition.segmentOptions.rowsPerPage)
      #expect(Set(found).count == found.count && Set(found).isSubset(of: Set(expected)))
      #expect(try store.files.exists(store.layout.quarantineDirectory + "/0001/report.txt"))
    }
  }

  /// Schema changes before the checkpoint and after it, of a table that holds segments of all
  /// three schemas and rows that wait under the second.
  @Test func storesWithSchemaChangesAreReadable() throws {
    let changes: [[SchemaChange]] = [
      [
        .addColumn(name: "rate", type: .float, isNullable: false, defaultValue: .floating(0.25)),
        .addColumn(name: "hint", type: .string, defaultValue: .string("none"), after: "status"),
      ],
      [
        .dropColumn("hint"), .renameColumn("amount", to: "sum"), .widenColumn("rate", to: .double),
        .widenColumn("sum", to: .decimal(precision: 30, scale: 2)),
        .addColumn(name: "hint", type: .int8),
      ],
    ]
    func rows(_ load: Int) -> [TestStore.Row] {
      self.rows(of: load).map {
        [$0[0], $0[1], $0[2], .string("some"), $0[3], $0[4], .floating(2)]
      }
    }
    try check("store-altered", try TestStore.definition(buckets: 2)) { store in
      try store.alter(table: TestStore.tableName, changes[0])
      try store.load(AlterTests.batch(rows(100), of: store), into: TestStore.tableName)
      _ = try store.groupLoad(
        AlterTests.batch(rows(101), of: store), into: TestStore.tableName, mode: .async)
      try store.checkpoint()
      try store.alter(table: TestStore.tableName, changes[1])
    } then: { store in
      let definition = try changes.reduce(TestStore.definition(buckets: 2)) {
        try $0.altered(by: $1)
      }
      #expect(try store.snapshot(of: TestStore.tableName).definition == definition)
      #expect(definition.nextColumnID.rawValue == 9 && definition.schemaVersion == 2)
      try store.flushGroupLoads()
      let found = try AlterTests.contents(of: store)
      let old = (0..<8).flatMap { self.rows(of: $0) }.map { $0 + [.floating(0.25), .null] }
      let new = (100..<102).flatMap { self.rows(of: $0) }.map { $0 + [.floating(2), .null] }
      #expect(found == TestStore.sorted(old + new))
    }
  }

  /// Checkpoint format 5: rows that were replaced and deleted, before the checkpoint and after it,
  /// and of rowsets that were merged meanwhile; segments with delete signs, keys and whole rows.
  @Test(arguments: [
    (
      "store-unique",
      UniqueKeyModel.Shape(
        index: .sorted, hasSequence: true, hasStringKey: true, buckets: 2, rowStore: .all)
    ), ("store-merge-on-read", UniqueKeyModel.Shape(merge: .onRead)),
    (
      "store-compressed-rows",
      UniqueKeyModel.Shape(buckets: 2, rowStore: .all, rowStoreCompression: .lz4)
    ),
  ])
  func storesWithUniqueKeysAreReadable(name: String, shape: UniqueKeyModel.Shape) throws {
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 9)
    let loads = try (0..<6).map { try model.makeLoad($0, &random) }
    try check(name, try TestStore.definition(buckets: 2)) { store in
      try store.createTable(UniqueKeyModel.definition(shape))
      for (number, load) in loads.enumerated() {
        let builder = try store.beginLoad(into: UniqueKeyModel.table)
        try builder.append(load.batch, deleteSigns: load.deleteSigns)
        try store.commit(builder.prepare())
        if number == 3 {
          UniqueKeyHistory.compact(
            store, RandomRangePolicy(seed: 1, includesBase: !shape.hasSequence), seed: 1)
          try store.checkpoint()
        }
      }
    } then: { store in
      for (number, load) in loads.enumerated() {
        model.publish(load, sequence: UInt64(9 + number))
      }
      let table = try store.snapshot(of: UniqueKeyModel.table)
      #expect(try table.definition == UniqueKeyModel.definition(shape))
      #expect(try UniqueKeyModel.contents(of: table) == model.visible)
      for sequence in 9..<15 {
        let old = try #require(table.asOf(sequence: UInt64(sequence)))
        let expected = try #require(model.history[UInt64(sequence)])
        #expect(try UniqueKeyModel.contents(of: old) == expected, "\(sequence)")
      }
      // Another load finds the rows it replaces.
      let more = try model.makeLoad(9, &random)
      model.publish(more, sequence: 15)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(more.batch, deleteSigns: more.deleteSigns)
      try store.commit(builder.prepare())
      let now = try store.snapshot(of: UniqueKeyModel.table)
      #expect(try UniqueKeyModel.contents(of: now) == model.visible)
    }
  }

  /// Checkpoint format 6: rows with new values in deltas, before the checkpoint and after it, of
  /// rowsets and deltas that were merged meanwhile.
  @Test func storesWithDeltasAreReadable() throws {
    let shape = UniqueKeyModel.Shape(hasStringKey: true, partialUpdates: .delta)
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 11)
    let first = try model.makeLoad(0, &random)
    let loads = try (1..<9).map { try PartialKeyLoad(model.makeLoad($0, &random), model, &random) }
    try check("store-deltas", try TestStore.definition(buckets: 2)) { store in
      try store.createTable(UniqueKeyModel.definition(shape))
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(first.batch, deleteSigns: first.deleteSigns)
      try store.commit(builder.prepare())
      for (number, load) in loads.enumerated() {
        try store.commit(load.prepare(in: store))
        if number % 4 == 2 {
          UniqueKeyHistory.compact(store, RandomRangePolicy(seed: UInt64(number)), seed: 1)
        }
        if number == 4 { try store.checkpoint() }
      }
    } then: { store in
      model.publish(first, sequence: 9)
      for (number, load) in loads.enumerated() {
        model.publish(load, sequence: UInt64(10 + number))
      }
      let table = try store.snapshot(of: UniqueKeyModel.table)
      #expect(try table.definition == UniqueKeyModel.definition(shape))
      #expect(table.tablets[0].rowsets.contains { !$0.deltas.isEmpty })
      #expect(try UniqueKeyModel.contents(of: table) == model.visible)
      #expect(StoreVerifier(store).run().problems == [])
    }
  }

  /// Checkpoint format 7 and record 15: partial loads that wait for their decision, before the
  /// checkpoint and after it, inline and in files.
  @Test(arguments: [true, false])
  func storesWithPartialLoadsThatWaitAreReadable(isInline: Bool) throws {
    let shape = UniqueKeyModel.Shape(hasStringKey: true, partialUpdates: .delta)
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 13)
    let first = try model.makeLoad(0, &random)
    let loads = try (1..<7).map { try PartialKeyLoad(model.makeLoad($0, &random), model, &random) }
    let options = StoreOptions(inlineRowsetByteCountMax: isInline ? 1 << 16 : 600)
    try check(
      isInline ? "store-partial-waits" : "store-partial-waits-files",
      TestStore.definition(buckets: 2), options: options
    ) { store in
      try store.createTable(UniqueKeyModel.definition(shape))
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(first.batch, deleteSigns: first.deleteSigns)
      try store.commit(builder.prepare())
      for (number, load) in loads.enumerated() {
        let prepared = try load.prepare(in: store)
        try store.precommit(prepared)
        if number == 1 { try store.abort(transaction: prepared.transaction) }
        if number == 2 { try store.commit(transaction: prepared.transaction) }
        if number == 3 { try store.checkpoint() }
      }
    } then: { store in
      model.publish(first, sequence: 9)
      model.publish(loads[2], sequence: 10)
      let table = UniqueKeyModel.table
      #expect(try UniqueKeyModel.contents(of: store.snapshot(of: table)) == model.visible)
      let waiting = store.allTransactions().filter { $0.state == .precommitted }
      #expect(waiting.count == 4)
      for (transaction, load) in zip(waiting, [loads[0]] + loads[3...]) {
        model.publish(load, sequence: try store.commit(transaction: transaction.id).sequence)
      }
      #expect(try UniqueKeyModel.contents(of: store.snapshot(of: table)) == model.visible)
      #expect(StoreVerifier(store).run().problems == [])
    }
  }

  /// Terms of each tablet in record 15 and in a checkpoint: loads of two tables that wait for their
  /// decision, one of which is given whole rows.
  @Test(arguments: [true, false])
  func storesWithTransactionsGivenInPartAreReadable(isInline: Bool) throws {
    let shape = UniqueKeyModel.Shape(buckets: 2)
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 17)
    let loads = try (0..<3).map { try PartialKeyLoad(model.makeLoad($0, &random), model, &random) }
    func wholeRows(_ number: Int) -> [TestStore.Row] { rows(of: 100 + number, count: 60) }
    try check(
      isInline ? "store-tables-wait" : "store-tables-wait-files",
      TestStore.definition(buckets: 2),
      options: StoreOptions(inlineRowsetByteCountMax: isInline ? 1 << 16 : 600)
    ) { store in
      try store.createTable(UniqueKeyModel.definition(shape))
      for (number, load) in loads.enumerated() {
        let transaction = try store.begin()
        try load.append(to: transaction)
        try transaction.builder(for: TestStore.tableName)
          .append(TestStore.batch(wholeRows(number)))
        try transaction.precommit()
        if number == 0 { try store.commit(transaction: transaction.id) }
        if number == 1 { try store.checkpoint() }
      }
    } then: { store in
      model.publish(loads[0], sequence: 1)
      let waiting = store.allTransactions().filter { $0.state == .precommitted }
      #expect(waiting.count == 2)
      var expected = try TestStore.contents(of: store)
      #expect(wholeRows(0).allSatisfy(expected.contains))
      for number in 1..<3 {
        #expect(
          try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
            == model.visible)
        let receipt = try store.commit(transaction: waiting[number - 1].id)
        model.publish(loads[number], sequence: receipt.sequence)
        expected += wholeRows(number)
        #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
      }
      #expect(
        try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table)) == model.visible)
      #expect(StoreVerifier(store).run().problems == [])
    }
  }

  /// As `StoreRepair` does it, up to the checkpoint that would take the place of the log.
  private func addRepair(_ store: Store) throws {
    for load in 100..<103 {
      try store.load(TestStore.batch(rows(of: load, count: 80)), into: TestStore.tableName)
    }
    BackupTests.compact(store, threshold: 0)
    let tablets = try store.snapshot(of: TestStore.tableName).tablets
    for tablet in tablets {
      // The first of the loads just merged, which lie in files.
      let input = try #require(
        tablet.stale.values.filter { $0.summary.mergeDepth == 0 && !$0.segments[0].isInline }
          .min { $0.id < $1.id })
      try BackupTests.flip(store.files, input.segments[0].path, byte: 20)
    }
    // Nothing can be read without its footer.
    let merged = try #require(tablets[0].segments.first)
    try BackupTests.flip(store.files, merged.path, byte: merged.byteCount - 9)
    let repair = RowsetRepair(store: store)
    let quarantine = try Quarantine(store.layout, store.files)
    let plan = try repair.plan(
      repair.examine(progress: { _, _ in }), keepingIn: quarantine)
    var report = RepairReport()
    report.rowsets = plan.damaged
    // Wherever the fixture is written.
    try quarantine.finish(report.lines.map { $0.replacing(store.path + "/", with: "") })
    _ = try store.commit(.repair(plan.commit))
  }

  private func repairs(in store: Store) throws -> [RepairCommit] {
    let checkpoint = try Checkpoint.read(
      store.files, layout: store.layout, storeID: store.identity.storeID, number: 2)
    let reader = LogReplay(
      files: store.files, layout: store.layout, storeID: store.identity.storeID)
    var repairs: [RepairCommit] = []
    _ = try reader.read(2, nextFrame: checkpoint.nextFrame, isLast: true) { record, _ in
      if case .repair(let repair) = record { repairs.append(repair) }
    }
    return repairs
  }

  private func definitionWithDurability() throws -> TableDefinition {
    try TableDefinition(
      name: TestStore.tableName, schema: TestStore.schema(), bucketCount: 2,
      durability: .group(milliseconds: 250))
  }

  private func load(of row: TestStore.Row) -> Int {
    guard case .string(let note) = row[4] else { return -1 }
    return note.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
  }

  private func addTransactions(_ store: Store) throws {
    for round in 0..<2 {
      for (index, name) in ["commits", "aborts", "waits"].enumerated() {
        let transaction = try store.begin(label: "\(name) \(round)")
        try transaction.builder(for: TestStore.tableName)
          .append(TestStore.batch(rows(of: 100 + round * 10 + index)))
        try transaction.precommit()
      }
      try store.commit(label: "commits \(round)")
      try store.abort(label: "aborts \(round)")
      _ = try store.groupLoad(
        TestStore.batch(rows(of: 200 + round)), into: TestStore.tableName, mode: .async)
      if round == 0 { try store.checkpoint() }
    }
    try store.begin(label: "last").commit()
  }

  @discardableResult
  private func check(
    _ name: String, _ definition: TableDefinition, options: StoreOptions = StoreOptions(),
    adding add: (Store) throws -> Void = { _ in }, then more: (Store) throws -> Void = { _ in }
  ) throws -> TableSnapshot {
    let sourceFolder =
      URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/" + name
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1",
      !FileManager.default.fileExists(atPath: sourceFolder)
    {
      let store = try Store.create(
        sourceFolder, files: PosixFileSystem(),
        clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7, options: options)
      try fill(store, definition)
      try add(store)
    }
    let copy = NSTemporaryDirectory() + "sediment-fixture-\(name)-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: sourceFolder, toPath: copy)
    let store = try Store.open(
      copy, files: PosixFileSystem(), clock: ManualClock(Timestamp(rawValue: 2_000_000)))
    #expect(StoreVerifier(store).run().problems == [])
    #expect(store.recovery.orphansRemoved == [])
    let expected = (0..<8).flatMap { rows(of: $0) }
    let found = try TestStore.contents(of: store).filter { (0..<100).contains(load(of: $0)) }
    #expect(found == TestStore.sorted(expected))
    try more(store)
    let table = try store.snapshot(of: TestStore.tableName)
    #expect(
      table.tablets.contains { tablet in tablet.rowsets.contains { $0.summary.mergeDepth > 0 } })
    #expect(table.tablets.contains { tablet in tablet.segments.contains { $0.isInline } })
    return table
  }
}

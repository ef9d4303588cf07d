import Glibc
import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Loads of many clients under labels of their own, one version.
@Suite struct LabelledLoadTests {
  private func rows(_ load: Int, count: Int = 3) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: count, random: &random)
  }

  private func loads(_ numbers: some Sequence<Int>) throws -> [LabelledRows] {
    try numbers.map { LabelledRows(label: "load \($0)", batch: try TestStore.batch(rows($0))) }
  }

  private func together(
    _ numbers: some Sequence<Int>, _ store: Store
  ) throws -> [Result<CommitReceipt, any Error>] {
    store.loadTogether(try loads(numbers), into: TestStore.tableName)
  }

  @Test func eachIsATransactionOfItsOwn() throws {
    let files = MemoryFileSystem()
    var ids: [TransactionID] = []
    do {
      let store = try TestStore.create(files, buckets: 1)
      let receipts = try together(0..<5, store).map { try $0.get() }
      ids = receipts.compactMap(\.transaction)
      #expect(Set(ids).count == 5)
      #expect(receipts.allSatisfy { $0.rowCount == 3 && $0.durability == .onDisk })
      #expect(Set(receipts.map(\.versions)).count == 1)
      #expect(try store.snapshot(of: TestStore.tableName).tablets[0].version == Version(2))
      #expect(try TestStore.contents(of: store) == TestStore.sorted((0..<5).flatMap { rows($0) }))
    }
    let store = try TestStore.open(files.crash(seed: 1))
    for (load, id) in ids.enumerated() {
      let known = try #require(store.transaction(label: "load \(load)"))
      #expect(known.id == id && known.state == .visible)
    }
    #expect(try TestStore.contents(of: store).count == 15)
  }

  /// A client that was not told sends its load again and is told; the others are not kept waiting.
  @Test func aLabelCountsOnce() throws {
    let store = try TestStore.create(MemoryFileSystem())
    for result in try together(0..<2, store) { _ = try result.get() }
    let results = store.loadTogether(
      try loads(1..<3) + loads(2..<3)
        + [LabelledRows(label: "", batch: try TestStore.batch(rows(7)))],
      into: TestStore.tableName)
    #expect(results.map { (try? $0.get()) != nil } == [false, true, false, true])
    for index in [0, 2] {
      #expect(throws: TransactionError.self) { try results[index].get() }
    }
    let expected = [0, 1, 2, 7].flatMap { rows($0) }
    #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
  }

  @Test func oneThatDoesNotFitIsRefusedAlone() throws {
    let store = try TestStore.create(MemoryFileSystem())
    var loads = try loads(0..<3)
    let narrow = try Schema([("user_id", .int64, false)], sortKeyCount: 1)
    loads[1] = LabelledRows(
      label: "narrow",
      batch: .init(schema: narrow, rowCount: 0, columns: [column([])]))
    let results = store.loadTogether(loads, into: TestStore.tableName)
    #expect(throws: StorageError.self) { try results[1].get() }
    #expect(store.transaction(label: "narrow")?.state == .aborted)
    #expect(try TestStore.contents(of: store) == TestStore.sorted(rows(0) + rows(2)))
    for result in store.loadTogether(loads, into: "nowhere") {
      #expect(throws: StorageError.self) { try result.get() }
    }
    #expect(store.loadTogether([], into: TestStore.tableName).isEmpty)
  }

  /// A load whose rows could not be written has none among those of the others, whichever write
  /// fails.
  @Test func whatIsRefusedIsNotAmongTheOthers() throws {
    var options = StoreOptions(backPressure: .none)
    options.inlineRowsetByteCountMax = 0
    options.loadBufferByteCountMax = 1
    var failureCount = 0
    for operation in 0..<100 {
      let files = FaultyFileSystem(MemoryFileSystem())
      let store = try TestStore.create(files, options: options)
      let rule = FaultPlan.Rule(.error(code: EIO), .only(operation), pathPart: "/data/")
      files.replacePlan(FaultPlan(rules: [rule]))
      let results = try together(0..<4, store)
      files.replacePlan(.none)
      let visible = (0..<4).filter { (try? results[$0].get()) != nil }
      #expect(
        try TestStore.contents(of: store) == TestStore.sorted(visible.flatMap { rows($0) }),
        "operation \(operation)")
      for load in 0..<4 where !visible.contains(load) {
        #expect(store.transaction(label: "load \(load)")?.state != .visible)
      }
      if visible.count == 4 { break }
      failureCount += 1
    }
    #expect(failureCount > 3)
  }

  /// When the table is full all are refused, and their labels are free again.
  @Test func aFullTableRefusesAll() throws {
    let store = try TestStore.create(
      MemoryFileSystem(),
      options: StoreOptions(tabletVersionCountMax: 1, backPressure: .hard), buckets: 1)
    try store.load(TestStore.batch(rows(50, count: 30)), into: TestStore.tableName)
    for result in try together(0..<4, store) {
      #expect(throws: StorageError.self) { try result.get() }
    }
    for load in 0..<4 { #expect(store.transaction(label: "load \(load)")?.state == .aborted) }
    #expect(try TestStore.contents(of: store).count == 30)
  }

  private func column(_ values: [Int64]) -> ColumnVector {
    let builder = ColumnBuilder(type: .int64)
    for value in values { builder.append(integer: value) }
    return builder.finish()
  }

  /// Of equal keys the row of the later load counts.
  @Test func keysKeepTheOrderOfTheLoads() throws {
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 1)
    let plain = try Schema([("id", .int64, false), ("value", .int64, false)], sortKeyCount: 1)
    let schema = try Schema(columns: plain.columns, sortKeyCount: 1, keysModel: .unique)
    try store.createTable(TableDefinition(name: "states", schema: schema, bucketCount: 2))
    let loads = (0..<20).map { load in
      LabelledRows(
        label: "s\(load)",
        batch: ColumnBatch(
          schema: schema, rowCount: 2,
          columns: [
            column([Int64(load % 3), Int64(load)]),
            column([Int64(load), Int64(load)]),
          ]))
    }
    for result in store.loadTogether(loads, into: "states") { _ = try result.get() }
    let table = try store.snapshot(of: "states")
    for (key, newest) in [(0, 18), (1, 19), (2, 17), (3, 3), (19, 19)] {
      let row = try #require(try table.row(forKey: [.integer(Int128(key))]))
      #expect(row.integer(1) == Int64(newest))
    }
  }

  /// Whatever file operation fails or is the last one: of loads that shared a version all are there
  /// or none, their labels say the same, and what was acknowledged is there.
  @Test(arguments: [true, false])
  func groupsAreWholeAfterCrashes(isDeath: Bool) throws {
    let options = StoreOptions(logFileByteCountMax: 3000)
    var last = 0
    for operation in OperationSteps(every: 9, test: isDeath ? 1 : 4).numbers {
      let disk = MemoryFileSystem()
      let plan: FaultPlan =
        isDeath
        ? .dying(atOperation: operation, seed: UInt64(operation))
        : .failing(operation: operation, with: .tornWrite(code: EIO), seed: UInt64(operation))
      let files = FaultyFileSystem(disk, plan: plan)
      var acknowledged: Set<Int> = []
      do {
        let store = try TestStore.create(files, options: options, buckets: 2)
        for group in 0..<6 {
          let numbers = group * 4..<group * 4 + 4
          let results = try together(numbers, store)
          for (number, result) in zip(numbers, results) {
            if case .success = result { acknowledged.insert(number) }
          }
        }
      } catch is StorageError {}
      if files.injectedFaults.isEmpty { break }
      last = operation
      try check(disk.crash(seed: UInt64(operation)), acknowledged, "operation \(operation)")
    }
    #expect(last > 30, "too few operations to mean anything")
  }

  private func check(
    _ files: MemoryFileSystem, _ acknowledged: Set<Int>, _ comment: Comment
  ) throws {
    guard try files.exists(TestStore.path + "/SEDIMENT") else {
      #expect(acknowledged.isEmpty, comment)
      return
    }
    let store = try TestStore.open(files)
    guard !store.snapshot().isEmpty else {
      #expect(acknowledged.isEmpty, comment)
      return
    }
    let found = Set(try TestStore.contents(of: store))
    for group in 0..<6 {
      let numbers = group * 4..<group * 4 + 4
      let visible = numbers.filter { store.transaction(label: "load \($0)")?.state == .visible }
      #expect(visible.isEmpty || visible == Array(numbers), comment)
      #expect(acknowledged.intersection(numbers).isSubset(of: visible), comment)
      let expected = Set(numbers.flatMap { rows($0) })
      #expect(found.intersection(expected) == (visible.isEmpty ? [] : expected), comment)
    }
    #expect(StoreVerifier(store).run().problems == [], comment)
  }
}

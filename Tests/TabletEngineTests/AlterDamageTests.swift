import QueryEngine
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Schema changes where a process dies, a store is damaged, or a log is hostile.
@Suite struct AlterDamageTests {
  private let log = TestStore.path + "/log/0000000001.log"

  private func contents(of store: Store) throws -> [TestStore.Row] {
    try AlterTests.contents(of: store)
  }

  /// Whatever operation a crash comes at: an acknowledged change is there whole, a refused one
  /// whole or not at all, and the rows are what they were.
  @Test func survivesDyingAtEveryOperation() throws {
    var last = 0
    for operation in OperationSteps(every: 2, test: 1).numbers {
      let memory = MemoryFileSystem()
      let faulty = FaultyFileSystem(memory, plan: .dying(atOperation: operation, seed: 3))
      var acknowledged: (rows: [TestStore.Row], version: Int) = ([], 0)
      var tried: (rows: [TestStore.Row], version: Int) = ([], 0)
      do {
        let store = try TestStore.create(
          faulty, options: StoreOptions(logFileByteCountMax: 4000), buckets: 2)
        for load in 0..<6 {
          if load == 3 {
            tried.version = 1
            try store.alter(table: TestStore.tableName, AlterTests.added)
            acknowledged.version = 1
            BackupTests.compact(store, threshold: 1)
          }
          guard load < 3 else {
            try store.checkpoint()
            continue
          }
          tried.rows += AlterTests.rows(load)
          try AlterTests.load(load, into: store)
          acknowledged.rows += AlterTests.rows(load)
        }
      } catch is StorageError {}
      if faulty.injectedFaults.isEmpty { break }
      last = operation
      let survivor = memory.crash(seed: UInt64(operation))
      guard try survivor.exists(TestStore.path + "/SEDIMENT") else { continue }
      let store = try TestStore.open(survivor)
      guard let table = store.snapshot().first else { continue }
      let version = table.definition.schemaVersion
      #expect((acknowledged.version...tried.version).contains(version), "operation \(operation)")
      let found = try contents(of: store)
      let candidates = [acknowledged.rows, tried.rows].map {
        TestStore.sorted(version == 0 ? $0 : AlterTests.altered($0))
      }
      #expect(candidates.contains(found), "operation \(operation)")
      #expect(StoreVerifier(store).run().problems == [], "operation \(operation)")
    }
    #expect(last > 40)
  }

  /// A change behind the damage of a log is kept: merges behind it may rely on it.
  @Test func changesBehindADamageAreKept() throws {
    let disk = MemoryFileSystem()
    var damagedAt: UInt64 = 0
    do {
      let store = try TestStore.create(disk, options: TestStore.unreserved, buckets: 2)
      try store.createTable(TableDefinition(name: "other", schema: TestStore.schema()))
      for load in 0..<3 { try AlterTests.load(load, into: store) }
      damagedAt = try disk.openForReading(log, cause: .tool).byteCount
      try store.load(TestStore.batch(AlterTests.rows(3)), into: "other")
      try store.alter(table: TestStore.tableName, AlterTests.added)
      BackupTests.compact(store, threshold: 1)
      try store.load(TestStore.batch(AlterTests.rows(4)), into: "other")
    }
    try BackupTests.flip(disk, log, byte: Int(damagedAt) + 40)
    let report = try RepairTests.repair(disk)
    #expect(report.lostLoads.count == 1 && report.remaining.problems == [])
    let store = try TestStore.open(disk)
    let tablets = try store.snapshot(of: TestStore.tableName).tablets
    #expect(tablets.allSatisfy { $0.rowsets.last?.summary.mergeDepth == 1 })
    #expect(try store.snapshot(of: TestStore.tableName).definition.schemaVersion == 1)
    let expected = (0..<3).flatMap { AlterTests.rows($0) }
    #expect(try contents(of: store) == TestStore.sorted(AlterTests.altered(expected)))
  }

  /// When the change itself is lost, a merge that was made under it is not kept: its output cannot
  /// be read under the older schema.
  @Test func mergesUnderALostChangeAreNotKept() throws {
    let disk = MemoryFileSystem()
    var damagedAt: UInt64 = 0
    do {
      let store = try TestStore.create(disk, options: TestStore.unreserved, buckets: 2)
      for load in 0..<3 { try AlterTests.load(load, into: store) }
      damagedAt = try disk.openForReading(log, cause: .tool).byteCount
      try store.alter(table: TestStore.tableName, AlterTests.added)
      BackupTests.compact(store, threshold: 0)
    }
    try BackupTests.flip(disk, log, byte: Int(damagedAt) + 40)
    let report = try RepairTests.repair(disk)
    #expect(report.lostLoads.isEmpty && report.remaining.problems == [])
    let store = try TestStore.open(disk)
    #expect(try store.snapshot(of: TestStore.tableName).definition.schemaVersion == 0)
    let expected = (0..<3).flatMap { AlterTests.rows($0) }
    #expect(try contents(of: store) == TestStore.sorted(expected))
  }

  /// What a repair saves of an older segment has the newest schema.
  @Test func savedPagesHaveTheNewestSchema() throws {
    let disk = MemoryFileSystem()
    let rows = AlterTests.rows(1, count: 80)
    do {
      let store = try TestStore.create(
        disk, options: StoreOptions(inlineRowsetByteCountMax: 0), buckets: 1)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      try store.alter(table: TestStore.tableName, AlterTests.added)
      let segment = try store.snapshot(of: TestStore.tableName).tablets[0].segments[0]
      // In the first page of the first column.
      try BackupTests.flip(disk, segment.path, byte: 20)
      #expect(StoreVerifier(store).run().problems.count > 0)
    }
    let report = try RepairTests.repair(disk)
    #expect(report.remaining.problems == [] && report.losesRows)
    let store = try TestStore.open(disk)
    let found = try contents(of: store)
    #expect(found.count == 80 - 16 && Set(found).isSubset(of: Set(AlterTests.altered(rows))))
    let table = try store.snapshot(of: TestStore.tableName)
    let schema = try table.tablets[0].segments[0].reader().schema
    #expect(schema.columns.map(\.type) == table.definition.schema.columns.map(\.type))
  }

  // MARK: Hostile bytes

  private func alteration() throws -> TableAlteration {
    let changes =
      AlterTests.added + [
        .addColumn(name: "rate", type: .double, defaultValue: .floating(-0.5)),
        .addColumn(name: "text", type: .string, defaultValue: .string("a b  ü")),
      ]
    return TableAlteration(
      at: Timestamp(rawValue: 5), table: TableID(rawValue: 1),
      definition: try TestStore.indexedDefinition().altered(by: changes))
  }

  private func decoded(_ bytes: [UInt8]) throws -> LogRecord {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: "log")
      let record = try LogRecord.decode(from: &reader, file: 1)
      try reader.requireEnd("record")
      return record
    }
  }

  /// Cut or changed anywhere, a record is another valid one or corrupt.
  @Test func hostileRecordsAreCorrupt() throws {
    let record = LogRecord.alterTable(try alteration())
    var writer = ByteWriter()
    record.encode(into: &writer)
    #expect(try decoded(writer.bytes) == record)
    for length in 0..<writer.count {
      #expect(throws: StorageError.self) { try decoded(Array(writer.bytes[..<length])) }
    }
    var random = SeededGenerator(seed: 6)
    for index in writer.bytes.indices {
      for _ in 0..<8 {
        var bytes = writer.bytes
        bytes[index] = UInt8(truncatingIfNeeded: random.next())
        do { _ = try decoded(bytes) } catch is StorageError {}
      }
    }
  }

  @Test(
    arguments: [
      "", "6", "6 ", " null", "6 null ", "06 null", "6 integer", "6 integer 1x", "6 integer 128",
      "6 floating 3ff0000000000000", "6 floating", "6 string x", "7 integer 1", "9 null",
      "1 null", "5000000000 null",
    ])
  func hostileDefaultsAreCorrupt(text: String) throws {
    let schema = try TestStore.definition().altered(by: AlterTests.added).schema
    #expect(throws: StorageError.self) {
      try [UInt8]().withUnsafeBytes { bytes in
        let reader = ByteReader(bytes, file: "log")
        var properties = SchemaProperties()
        guard let entry = SchemaProperties.parse(text) else {
          throw reader.corrupt("column default", expected: "", found: text)
        }
        properties.defaults = [entry]
        _ = try properties.applied(to: schema, reader)
      }
    }
  }

  @Test func defaultsAreReadBack() throws {
    let values: [Value] = [
      .null, .integer(0), .integer(-(powerOfTen(38) - 1)), .floating(-0.0), .floating(.infinity),
      .floating(.nan), .string(""), .string(" "), .string("two  words "), .string("null"),
    ]
    for value in values {
      let column = ColumnID(rawValue: 4_000_000_000)
      let found = try #require(SchemaProperties.parse(SchemaProperties.text(column, value)))
      #expect(found.column == column)
      if case .floating(let number) = value, case .floating(let other) = found.value {
        #expect(number.bitPattern == other.bitPattern)
      } else {
        #expect(found.value == value)
      }
    }
  }

  /// A log that says what no store writes is refused, whatever its checksums.
  @Test func definitionsThatNoRowsFitAreRefused() throws {
    let before = try TestStore.definition().altered(by: AlterTests.added)
    let good = try before.altered(by: [.renameColumn("tax", to: "vat")])
    try before.requireSuccessor(good)
    func refuse(_ change: (inout TableDefinition) throws -> Void) throws {
      var next = good
      try change(&next)
      #expect(throws: EditRefusal.self) { try before.requireSuccessor(next) }
    }
    func replace(
      _ next: inout TableDefinition, _ index: Int, _ column: (Column) -> Column
    ) throws {
      var columns = next.schema.columns
      columns[index] = column(columns[index])
      next.schema = try Schema(columns: columns, sortKeyCount: next.schema.sortKeyCount)
    }
    try refuse { $0.schemaVersion = 1 }
    try refuse { $0.nextColumnID = ColumnID(rawValue: 6) }
    try refuse { $0.distribution = [1] }
    try refuse { $0 = try TestStore.definition(buckets: 2).altered(by: AlterTests.added) }
    try refuse { $0.schema = try Schema(columns: $0.schema.columns, sortKeyCount: 1) }
    // Another key, a narrower type, another default, no nulls any more, an id taken back.
    try refuse { next in
      try replace(&next, 0) { Column(id: $0.id, name: $0.name, type: .datetime) }
    }
    try refuse { next in
      try replace(&next, 4) {
        Column(id: $0.id, name: $0.name, type: .decimal(precision: 12, scale: 2))
      }
    }
    try refuse { next in
      try replace(&next, 5) {
        Column(id: $0.id, name: $0.name, type: .int8, defaultValue: .integer(20))
      }
    }
    try refuse { next in
      try replace(&next, 2) { Column(id: $0.id, name: $0.name, type: $0.type) }
    }
    try refuse { next in
      try replace(&next, 5) {
        Column(
          id: ColumnID(rawValue: 5), name: $0.name, type: .string, isNullable: true,
          defaultValue: .null)
      }
    }
    try refuse { next in
      let id = next.nextColumnID
      try replace(&next, 5) {
        Column(id: id, name: $0.name, type: .string, isNullable: true)
      }
    }
  }
}

import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

@Suite struct LimitTests {
  @Test func tooManyVersionsAreRefusedWithFigureLimitAndRemedy() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(
      files, options: StoreOptions(tabletVersionCountMax: 3), buckets: 1)
    var random = SeededGenerator(seed: 1)
    for load in 0..<3 {
      let rows = TestStore.rows(load: load, count: 2, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    let rows = TestStore.rows(load: 4, count: 2, random: &random)
    let error = #expect(throws: StorageError.self) {
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    let text = "\(try #require(error))"
    for part in ["tablet 1", "orders", "3 versions", "limit is 3", "compaction is behind"] {
      #expect(text.contains(part), "\(part) is not in: \(text)")
    }
    #expect(try TestStore.contents(of: store).count == 6)
  }

  @Test func rowsThatDoNotFitTheTableAreRefused() throws {
    let store = try TestStore.create(MemoryFileSystem())
    let other = try Schema([("x", .int64, false)], sortKeyCount: 1)
    let builder = ColumnBuilder(type: .int64)
    builder.append(integer: 1)
    let batch = ColumnBatch(schema: other, rowCount: 1, columns: [builder.finish()])
    #expect(throws: StorageError.self) { try store.load(batch, into: TestStore.tableName) }
    var row = TestStore.Row(repeating: .integer(1), count: 5)
    row[2] = .string("new")
    row[4] = .null
    #expect(throws: StorageError.self) {
      try store.load(TestStore.batch([row]), into: TestStore.tableName)
    }
    #expect(throws: StorageError.self) {
      try store.load(TestStore.batch([]), into: "order")
    }
    #expect(try TestStore.contents(of: store).isEmpty)
  }

  /// Neither a version nor a byte in the log.
  @Test func emptyLoadsLeaveNothing() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files, options: TestStore.unreserved)
    func logByteCount() throws -> UInt64 {
      try files.openForReading(store.layout.log(1), cause: .log).byteCount
    }
    // The first load sets transaction ids aside for many more.
    try store.load(TestStore.batch([]), into: TestStore.tableName)
    let before = try logByteCount()
    for _ in 0..<100 { try store.load(TestStore.batch([]), into: TestStore.tableName) }
    #expect(try logByteCount() == before)
    let receipt = try store.load(TestStore.batch([]), into: TestStore.tableName)
    #expect(receipt.versions.isEmpty)
    #expect(
      try store.snapshot(of: TestStore.tableName).tablets.allSatisfy { $0.version == .initial })
  }
}

import QueryEngine
import ScanKernels
import StorageBase
import Testing

/// What a query reads and what it refuses.
@Suite struct QueryExecutorTests {
  private let schema: Schema
  /// Three segments of four pages of ten rows: `day` rises from 0 to 119, `amount` is its square.
  private let segments: [MemorySource]

  init() throws {
    let schema = try Schema(
      [
        (name: "day", type: .int32, isNullable: false),
        (name: "kind", type: .string, isNullable: true),
        (name: "amount", type: .int64, isNullable: false),
      ], sortKeyCount: 1)
    self.schema = schema
    segments = (0..<3).map { segment in
      let rows = (0..<40).map { row -> [Value] in
        let day = Int128(segment * 40 + row)
        return [.integer(day), .string(day % 2 == 0 ? "even" : "odd"), .integer(day * day)]
      }
      return MemorySource(schema: schema, rows: rows, rowsPerPage: 10)
    }
  }

  private func run(_ query: Query) throws -> QueryResult {
    try QueryExecutor.run(query, over: segments, schema: schema)
  }

  @Test func zoneMapsRuleOutSegmentsThenPages() throws {
    let result = try run(
      .computing(.sum("amount")).filtered(by: Field("day").isBetween(55, 64)))
    #expect(result.rows == [[.integer((55...64).reduce(0) { $0 + $1 * $1 })]])
    #expect(result.work.segments == 3 && result.work.segmentsPruned == 2)
    #expect(result.work.pages == 12 && result.work.pagesPruned == 10)
    // Two pages each of the filter's column and of the one that is summed.
    #expect(result.work.columnPagesRead == 4)
    #expect(result.work.rowsScanned == 20 && result.work.rowsSelected == 10)
  }

  @Test func pagesWithoutASelectedRowReadNothingButTheFilter() throws {
    // Between "even" and "odd", so that zone maps cannot tell.
    let result = try run(.selecting("amount").filtered(by: Field("kind") == "neither"))
    #expect(result.rows.isEmpty)
    #expect(result.work.pagesEmpty == 12 && result.work.columnPagesRead == 12)
  }

  @Test func aWholePageNeedsNoFilterColumn() throws {
    let result = try run(.computing(.countAll).filtered(by: Field("day") < 40))
    #expect(result.rows == [[.integer(40)]])
    #expect(result.work.columnPagesRead == 0)
  }

  @Test func aLimitWithoutOrderStopsTheScan() throws {
    let result = try run(.selecting("day").limited(to: 15))
    #expect(result.rows == (0..<15).map { [.integer($0)] })
    #expect(result.work.columnPagesRead == 2)
  }

  @Test func theBestOfManyRowsAreFoundWithoutHoldingAll() throws {
    var random = SeededGenerator(seed: 40)
    let rows = (0..<20_000).map { row -> [Value] in
      [.integer(Int128(random.next() % 500)), .null, .integer(Int128(row))]
    }
    let source = MemorySource(schema: schema, rows: rows, rowsPerPage: 3000)
    let query = Query.selecting("amount").ordered(by: "day", .descending).limited(to: 100)
    let result = try QueryExecutor.run(query, over: [source], schema: schema)
    let expected = rows.enumerated().sorted { a, b in
      a.element[0] == b.element[0]
        ? a.offset < b.offset : b.element[0].precedes(a.element[0])
    }
    #expect(result.rows == expected.prefix(100).map { [$0.element[2]] })
  }

  @Test func columnsAreMatchedByIdentity() throws {
    let old = try Schema(
      columns: [
        Column(id: ColumnID(rawValue: 9), name: "name", type: .string, isNullable: true),
        Column(id: ColumnID(rawValue: 1), name: "id", type: .int32),
      ], sortKeyCount: 1)
    let new = try Schema(
      columns: [
        Column(id: ColumnID(rawValue: 1), name: "key", type: .int32),
        Column(id: ColumnID(rawValue: 2), name: "name", type: .int64, isNullable: true),
      ], sortKeyCount: 1)
    let segments = [
      MemorySource(
        schema: old, rows: [[.string("x"), .integer(1)], [.null, .integer(2)]], rowsPerPage: 2),
      MemorySource(schema: new, rows: [[.integer(3), .integer(30)]], rowsPerPage: 2),
    ]
    func rows(_ query: Query) throws -> [[Value]] {
      try QueryExecutor.run(query, over: segments, schema: new).rows
    }
    #expect(
      try rows(.selectingAll())
        == [[.integer(1), .null], [.integer(2), .null], [.integer(3), .integer(30)]])
    #expect(
      try rows(.selecting("key").filtered(by: Field("name").isNull))
        == [[.integer(1)], [.integer(2)]])
    #expect(try rows(.selecting("key").filtered(by: Field("name") > 0)) == [[.integer(3)]])
    #expect(
      try rows(.grouping(by: "name").computing(.countAll))
        == [[.null, .integer(2)], [.integer(30), .integer(1)]])

    for (id, type) in [(1, DataType.int64), (2, .int64), (3, .int32)] {
      let changed = try Schema(
        columns: [Column(id: ColumnID(rawValue: UInt32(id)), name: "key", type: type)],
        sortKeyCount: 1)
      #expect(throws: StorageError.self) {
        try QueryExecutor.run(.selectingAll(), over: segments, schema: changed)
      }
    }
  }

  @Test func aCancelledQueryStopsAtTheNextPage() throws {
    var asked = 0
    #expect(throws: CancellationError.self) {
      try QueryExecutor.run(
        .computing(.sum("amount")), over: self.segments, schema: self.schema,
        isCancelled: {
          asked += 1
          return asked == 3
        })
    }
    #expect(asked == 3)
  }

  @Test func namesThatAreNotThereAreRefused() throws {
    #expect(throws: StorageError.self) { try self.run(.selecting("dya")) }
    #expect(throws: StorageError.self) { try self.run(.grouping(by: "dya")) }
    #expect(throws: StorageError.self) { try self.run(.computing(.sum("dya"))) }
    #expect(throws: StorageError.self) { try self.run(.computing(.sum("kind"))) }
    #expect(throws: StorageError.self) { try self.run(.selectingAll().ordered(by: "dya")) }
    #expect(
      throws: StorageError.unknownName(
        kind: "result column", name: "day", known: ["kind", "count(*)"])
    ) { try self.run(.grouping(by: "kind").computing(.countAll).ordered(by: "day")) }
    #expect(throws: StorageError.alreadyExists(kind: "result column", name: "kind")) {
      try self.run(.grouping(by: "kind").computing(.countAll, as: "kind"))
    }
  }
}

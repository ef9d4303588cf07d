import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

/// The same queries over segments as they lie in files: real encodings, zone maps and pages.
@Suite struct SegmentQueryTests {
  /// Nil for no rows: a segment has at least one.
  private func reader(
    _ schema: Schema, _ rows: [[Value]], _ options: SegmentOptions
  ) throws -> SegmentReader? {
    if rows.isEmpty { return nil }
    let sink = MemorySink()
    let writer = try SegmentWriter(schema: schema, options: options, sink: sink)
    for (index, column) in schema.columns.enumerated() {
      let builder = ColumnBuilder(type: column.type)
      for row in rows { builder.append(row[index]) }
      try writer.append(builder.finish())
      try writer.finishColumn()
    }
    _ = try writer.finish()
    return try SegmentReader(file: MemoryFile(path: "segment", bytes: sink.bytes))
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func queriesOverSegmentsAgreeWithTheOracle(batch: UInt64) throws {
    for round in 0..<15 as Range<UInt64> {
      let seed = 300_000 + batch * 1000 + round
      var cases = RandomCases(seed: seed)
      let schema = try cases.schema()
      let segments = (0..<3).map { _ in
        cases.rows(schema, count: cases.below(300)).sorted { $0[0].precedes($1[0]) }
      }
      let readers = try segments.compactMap {
        try reader(schema, $0, SegmentOptions(rowsPerPage: cases.pick([64, 100, 8192])))
      }
      let oracle = RowOracle(schema: schema, rows: segments.flatMap { $0 })
      for _ in 0..<4 {
        let query = cases.query(schema)
        let found = try QueryExecutor.run(query, over: readers, schema: schema)
        let expected = oracle.answer(query)
        let isEqual =
          found.rows.count == expected.count
          && zip(found.rows, expected).allSatisfy { zip($0, $1).allSatisfy(isClose) }
        #expect(isEqual, "seed \(seed): \(query) of \(schema)")
        #expect((found.work.columnPagesRead == 0) == (found.work.bytesStored == 0))
      }
    }
  }

  /// Once as many rows are held as are asked for, pages that hold none before them are not read.
  @Test func topRowsLeaveOutThePagesBehindThem() throws {
    let schema = try Schema(
      [
        (name: "key", type: .int64, isNullable: false),
        (name: "text", type: .string, isNullable: true),
      ], sortKeyCount: 1)
    let rows = (0..<5000).map { [Value.integer($0), .string("value \($0 % 7)")] }
    let segment = try #require(try reader(schema, rows, SegmentOptions(rowsPerPage: 100)))
    for (direction, first) in [(Query.Direction.ascending, 0), (.descending, 4999)] {
      let query = Query.selectingAll().ordered(by: "key", direction).limited(to: 3)
      let result = try QueryExecutor.run(query, over: [segment], schema: schema)
      let step = direction == .ascending ? 1 : -1
      #expect(result.rows == (0..<3).map { rows[first + $0 * step] })
      #expect(result.work.pagesPruned == (direction == .ascending ? 47 : 0))
    }
    let answer = try QueryExecutor.run(
      Query.selectingAll().filtered(by: Field("text") != "value 3").ordered(by: "key")
        .limited(to: 3), over: [segment], schema: schema)
    #expect(answer.rows.map { $0[0] } == [0, 1, 2].map { .integer($0) })
    #expect(answer.work.pagesPruned >= 46)
  }

  @Test func sortedSegmentsReadOnlyThePagesOfTheRange() throws {
    let schema = try Schema(
      [
        (name: "key", type: .int64, isNullable: false),
        (name: "text", type: .string, isNullable: true),
      ], sortKeyCount: 1)
    let rows = (0..<1000).map { [Value.integer($0), .string("value \($0 % 7)")] }
    let segment = try #require(try reader(schema, rows, SegmentOptions(rowsPerPage: 100)))
    let query = Query.grouping(by: "text").computing(.countAll)
      .filtered(by: Field("key").isBetween(250, 349))
    let result = try QueryExecutor.run(query, over: [segment], schema: schema)
    #expect(result.rows.count == 7)
    #expect(result.work.pages == 10 && result.work.pagesPrunedByKeys == 8)
    #expect(result.work.columnPagesRead == 4 && result.work.rowsSelected == 100)
    let byZones = try QueryExecutor.run(query, over: [segment], schema: schema, indexes: .never)
    #expect(byZones.rows == result.rows)
    #expect(byZones.work.pagesPruned == 8 && byZones.work.pagesPrunedByKeys == 0)
    #expect(result.work.bytesStored > 0 && result.work.bytesDecoded > 0)
  }
}

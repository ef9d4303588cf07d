import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine
import Testing

/// Queries whose filter gives the keys of a unique-key table look rows up, and answer as a scan.
@Suite struct KeyedQueryTests {
  @Test(arguments: 0..<12 as Range<UInt64>)
  func lookupsAnswerAsScansDo(batch: UInt64) throws {
    var (lookedUp, found) = (0, 0)
    for round in 0..<6 as Range<UInt64> {
      let seed = 910_000 + batch * 100 + round
      var cases = RandomCases(seed: seed)
      var table = try KeyedTable(&cases)
      for step in 0..<10 {
        try table.change(&cases)
        let snapshot = try table.snapshot
        let schema = table.definition.schema
        let slack = RowComparison.slack(table.loaded)
        for _ in 0..<6 {
          let query = cases.query(schema).filtered(by: table.keyCondition(&cases))
          let scanned = try query.run(on: snapshot, indexes: .never).result
          let answer = try query.run(on: snapshot).result
          #expect(
            RowComparison.areSame(answer.rows, scanned.rows, slack),
            "seed \(seed), step \(step): \(query) of \(table.definition)")
          #expect(scanned.work.keysLookedUp == 0)
          // What holds for all values of a type is a scan: both values of a bool.
          if answer.work.keysLookedUp > 0 {
            #expect(answer.work.rowsScanned <= answer.work.rowsLookedUp)
            #expect(answer.work.segments <= 1)
          }
          lookedUp += answer.work.keysLookedUp
          found += answer.work.rowsLookedUp
        }
      }
    }
    #expect(lookedUp > found && found > 100)
  }

  private static func store(_ options: UniqueKeyOptions = UniqueKeyOptions()) throws -> Store {
    let store = try Store.create(
      "/store", files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    let schema = try Schema(
      columns: [
        Column(id: ColumnID(rawValue: 1), name: "name", type: .string),
        Column(id: ColumnID(rawValue: 2), name: "number", type: .int32),
        Column(id: ColumnID(rawValue: 3), name: "amount", type: .int64, isNullable: true),
      ], sortKeyCount: 2, keysModel: .unique)
    try store.createTable(
      TableDefinition(name: "t", schema: schema, uniqueKeys: options, rowStore: .all))
    for version in 0..<2 {
      let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
      for row in 0..<100 {
        builders[0].append(string: ["a", "b"][row / 50])
        builders[1].append(integer: Int64(row % 50))
        builders[2].append(integer: Int64(version * 1000 + row))
      }
      try store.load(
        ColumnBatch(schema: schema, rowCount: 100, columns: builders.map { $0.finish() }),
        into: "t")
    }
    return store
  }

  private static func answer(_ text: String, _ store: Store) throws -> QueryResult {
    let table = try store.snapshot(of: "t")
    return try SQLStatement(text).bound(to: table.definition.schema).run(on: table).result
  }

  @Test func statementsThatGiveTheKeyLookItUp() throws {
    let store = try Self.store()
    let row: [Value] = [.string("b"), .integer(7), .integer(1057)]
    let keyed: [(String, keys: Int, rows: [[Value]])] = [
      ("select * from t where name = 'b' and number = 7", 1, [row]),
      ("select amount from t where number = 7 and amount > 5 and name = 'b'", 1, [[row[2]]]),
      ("select amount from t where number = 7 and amount > 5000 and name = 'b'", 1, []),
      ("select number from t where name in ('a', 'c') and number in (3, 60)", 4, [[.integer(3)]]),
      (
        "select name, sum(amount) from t where number = 7 and name in ('a', 'b') group by name "
          + "order by name desc", 2,
        [[.string("b"), row[2]], [.string("a"), .integer(1007)]]
      ),
      ("select count(*) from t where name = 'x' and number = 1", 1, [[.integer(0)]]),
    ]
    for (text, keys, rows) in keyed {
      let result = try Self.answer(text, store)
      #expect(result.rows == rows, "\(text)")
      #expect(result.work.keysLookedUp == keys && result.work.segments <= 1, "\(text)")
      #expect(result.work.report.hasPrefix("lookup by key: \(keys) keys, "), "\(text)")
    }
  }

  @Test func otherStatementsScan() throws {
    let store = try Self.store()
    let numbers = (0..<600).map(String.init).joined(separator: ", ")
    let others = [
      "select * from t where name = 'b'", "select * from t where number = 7",
      "select * from t where name = 'b' and number >= 7",
      "select * from t where (name = 'b' and number = 7) or amount = 3", "select * from t",
      "select * from t where name in ('a', 'b') and number in (\(numbers))",
    ]
    for text in others {
      let result = try Self.answer(text, store)
      #expect(result.work.keysLookedUp == 0, "\(text)")
      #expect(!result.rows.isEmpty && !result.work.report.contains("lookup"), "\(text)")
    }
    let merging = try Self.store(UniqueKeyOptions(merge: .onRead))
    let result = try Self.answer("select * from t where name = 'b' and number = 7", merging)
    #expect(result.work.keysLookedUp == 0 && result.rows.count == 1)
  }
}

import StorageBase
import TabletEngine
import Testing

@testable import StreamDriver

/// Changes of columns among the rows of files, and the tables that follow them.
struct SchemaChangeTests {
  private static let mapping = """
    format: json
    columns:
      - {name: id, type: int64}
      - {name: amount, type: int32}
      - {name: note, type: string, nullable: true}
    """

  private static func pipeline(_ changes: String = "apply", table: String = "") -> String {
    """
    name: shop
    source: {files: /in/*.jsonl, mapping: /mapping.yaml}
    schema_changes: \(changes)
    tables: [{table: orders, key: [id], unique: true\(table)}]
    """
  }

  private static func change(_ text: String) -> String {
    "{\"schema_change\": {\"changes\": [\(text)]}}\n"
  }

  /// A column that comes, is called otherwise, grows, goes, and comes again.
  private static let story: String = {
    func rows(_ ids: Range<Int>, _ members: (Int) -> String) -> String {
      ids.map { "{\"id\": \($0), \(members($0))}\n" }.joined()
    }
    return rows(0..<20) { "\"amount\": \($0), \"note\": \"n\($0)\"" }
      + change(#"{"add": "city", "type": "string", "default": "?", "after": "id"}"#)
      + rows(20..<40) { "\"amount\": \($0), \"note\": \"n\($0)\", \"city\": \"c\($0)\"" }
      + change(#"{"rename": "amount", "to": "total"}, {"widen": "amount", "type": "int64"}"#)
      .replacing("{\"widen\": \"amount\"", with: "{\"widen\": \"total\"")
      + rows(40..<60) { "\"total\": \($0 << 32), \"city\": \"c\($0)\"" }
      + change(#"{"drop": "note"}"#) + change(#"{"add": "note", "type": "int16"}"#)
      + rows(60..<80) { "\"total\": \($0 << 32), \"note\": \($0), \"amount\": \"no column\"" }
      + rows(0..<5) { "\"total\": \($0), \"note\": \(-$0), \"city\": null" }
  }()

  private static var told: [[Value]] {
    (0..<80).map { id -> [Value] in
      let isWide = id >= 40
      let city: Value = id < 20 ? .string("?") : id < 60 ? .string("c\(id)") : .string("?")
      let total = Value.integer(isWide ? Int128(id) << 32 : Int128(id))
      if id < 5 {
        return [.integer(Int128(id)), .null, total, .integer(Int128(-id))]
      }
      return [.integer(Int128(id)), city, total, id >= 60 ? .integer(Int128(id)) : .null]
    }
  }

  private func check(_ machine: StreamMachine) throws {
    #expect(
      try machine.rows("SELECT id, city, total, note FROM orders ORDER BY id") == Self.told)
    #expect(
      try machine.columns("orders") == ["id int64", "city string", "total int64", "note int16"])
  }

  @Test func theTableFollowsItsSource() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put("/in/a.jsonl", Self.story)
    try machine.finish(Self.pipeline())
    try check(machine)
    #expect(try machine.sideOutput("rejected") == "")
    #expect(machine.run?.status.schemaChangeCount == 5)
    #expect(
      machine.told.changes.withLock { $0 } == [
        "table orders: column city string added", "table orders: column amount renamed to total",
        "table orders: column total widened to int64", "table orders: column note dropped",
        "table orders: column note int16 added",
      ])
  }

  /// A pipeline that has begun, and read nothing.
  private static func machineWithTheStory() throws -> StreamMachine {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", mapping)
    try machine.put("/in/a.jsonl", story)
    try machine.begin(pipeline())
    return machine
  }

  @Test func aKillAfterAnyStepChangesNothing() throws {
    var stepCount = 1
    var isOver = false
    while !isOver {
      let machine = try Self.machineWithTheStory()
      isOver = try machine.steps(stepCount)
      machine.kill()
      try machine.finish(Self.pipeline())
      try check(machine)
      stepCount += 1
    }
    #expect(stepCount > 10)
  }

  /// Every operation of the disk may be the last: a change whose checkpoint is there is made up
  /// for, and none is made twice.
  @Test func aDiskThatDiesAtAnyOperationChangesNothing() throws {
    var operation = 0
    var isOver = false
    while !isOver {
      let machine = try Self.machineWithTheStory()
      machine.files.replacePlan(.dying(atOperation: operation))
      do {
        isOver = try machine.steps(5000)
      } catch {
        #expect(!machine.files.injectedFaults.isEmpty, "\(error)")
      }
      machine.kill()
      try machine.finish(Self.pipeline())
      try check(machine)
      operation += 3
    }
    #expect(operation > 30)
  }

  @Test func everyPartitionIsToldOfIt() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    let added = Self.change(#"{"add": "city", "type": "string"}"#)
    try machine.put(
      "/in/a.jsonl",
      "{\"id\": 1, \"amount\": 1, \"city\": \"early\"}\n" + added
        + "{\"id\": 2, \"amount\": 1, \"city\": \"a\"}\n")
    try machine.put(
      "/in/b.jsonl",
      "{\"id\": 3, \"amount\": 1, \"city\": \"early\"}\n" + added
        + "{\"id\": 4, \"amount\": 1, \"city\": \"b\"}\n")
    try machine.finish(Self.pipeline().replacing("tables:", with: "writers: 2\ntables:"))
    #expect(
      try machine.rows("SELECT id, city FROM orders ORDER BY id") == [
        [.integer(1), .null], [.integer(2), .string("a")], [.integer(3), .null],
        [.integer(4), .string("b")],
      ])
    #expect(machine.run?.status.schemaChangeCount == 1)
  }

  /// A later file begins with the columns that the earlier ones ended with.
  @Test func partitionsThatComeLaterHaveTheNewestColumns() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put(
      "/in/a.jsonl",
      "{\"id\": 1, \"amount\": 1}\n" + Self.change(#"{"add": "city", "type": "string"}"#))
    try machine.finish(Self.pipeline())
    machine.kill()
    try machine.put("/in/b.jsonl", "{\"id\": 2, \"amount\": 1, \"city\": \"b\"}\n")
    try machine.finish(Self.pipeline())
    #expect(
      try machine.rows("SELECT id, city FROM orders ORDER BY id") == [
        [.integer(1), .null], [.integer(2), .string("b")],
      ])
  }

  // MARK: What is not applied

  private static let refused = [
    (#"{"drop": "id"}"#, "rows are sorted by it"),
    (#"{"widen": "amount", "type": "int8"}"#, "int32 cannot become it"),
    (#"{"nullable": "id"}"#, "it cannot become nullable"),
    (#"{"rename": "id", "to": "note"}"#, "note exists already"),
    (#"{"add": "x", "type": "int8", "nullable": false}"#, "give a default"),
    (#"{"add": "x", "type": "geometry"}"#, "type to be a type"),
  ]

  @Test(arguments: refused)
  func aRefusedChangeEndsTheStream(change: String, reason: String) throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put(
      "/in/a.jsonl", "{\"id\": 1, \"amount\": 1}\n" + Self.change(change) + "{\"id\": 2}\n")
    for _ in 0..<2 {
      do {
        try machine.finish(Self.pipeline())
        Issue.record("\(change) was applied")
      } catch {
        #expect("\(error)".contains(reason), "\(error)")
        #expect("\(error)".contains("schema change in /in/a.jsonl"), "\(error)")
      }
      machine.kill()
    }
  }

  @Test(arguments: refused)
  func aRefusedChangeGoesToTheDeadLetters(change: String, reason: String) throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put(
      "/in/a.jsonl",
      "{\"id\": 1, \"amount\": 1}\n" + Self.change(change) + "{\"id\": 2, \"amount\": 2}\n")
    try machine.finish(Self.pipeline("{action: apply, refused: divert}"))
    #expect(try machine.rows("SELECT count(*) FROM orders") == [[.integer(2)]])
    #expect(try machine.columns("orders") == ["id int64", "amount int32", "note string"])
    let rejected = try machine.sideOutput("rejected")
    #expect(rejected.contains("\"rule\":\"schema change\"") && rejected.contains("\"offset\":2"))
    #expect(rejected.contains(reason.replacing("\"", with: "\\\"")), "\(rejected)")
    #expect(machine.run?.status.counts.rejectedRows == 1)
  }

  @Test func ignoredChangesArePassedOver() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put(
      "/in/a.jsonl",
      "{\"id\": 1, \"amount\": 1}\n" + Self.change(#"{"add": "city", "type": "string"}"#)
        + "{\"id\": 2, \"amount\": 2, \"city\": \"x\"}\n")
    try machine.finish(Self.pipeline("ignore"))
    #expect(try machine.columns("orders") == ["id int64", "amount int32", "note string"])
    #expect(machine.run?.status.counts.readRows == 2)
    #expect(machine.run?.status.counts.rejectedRows == 0)
  }

  @Test func changesOfOtherTablesArePassedOver() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    let own = "{\"source\": {\"pos\": 1}, \"ddl\": \"ALTER TABLE shop.orders ADD city text\"}\n"
    let others = "{\"source\": {\"pos\": 2}, \"ddl\": \"ALTER TABLE shop.users ADD town text\"}\n"
    try machine.put(
      "/in/a.jsonl",
      own + others + "{\"id\": 2, \"amount\": 2, \"city\": \"x\", \"town\": \"y\"}\n")
    try machine.finish(Self.pipeline("{action: apply, of: orders}"))
    #expect(
      try machine.columns("orders") == [
        "id int64", "amount int32", "note string", "city string",
      ])
  }

  @Test func failEndsTheStream() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put("/in/a.jsonl", Self.change(#"{"add": "city", "type": "string"}"#))
    #expect(throws: StorageError.self) { try machine.finish(Self.pipeline("fail")) }
  }

  @Test func whatTransformsAndWindowsNeedStays() throws {
    let yaml = """
      name: shop
      source: {files: /in/*.jsonl, mapping: /mapping.yaml}
      schema_changes: {action: apply, refused: divert}
      transforms: [{compute: {twice: amount * 2}}]
      tables: [{table: orders, key: [id], unique: true}]
      windows:
        - table: seconds
          window: {tumbling: 1s, time: at, keys: [note], aggregates: {n: sum(twice)}}
      """
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping + "\n  - {name: at, type: datetime}")
    let rows = "\"at\": \"2026-01-01 00:00:00\", \"note\": \"x\""
    try machine.put(
      "/in/a.jsonl",
      "{\"id\": 1, \"amount\": 1, \(rows)}\n" + Self.change(#"{"drop": "amount"}"#)
        + Self.change(#"{"drop": "note"}"#) + Self.change(#"{"nullable": "at"}"#)
        + Self.change(#"{"rename": "amount", "to": "total"}"#)
        + "{\"id\": 2, \"total\": 2, \(rows)}\n")
    try machine.finish(yaml)
    #expect(
      try machine.rows("SELECT id, total, twice FROM orders ORDER BY id") == [
        [.integer(1), .integer(1), .integer(2)], [.integer(2), .integer(2), .integer(4)],
      ])
    #expect(try machine.rows("SELECT n FROM seconds") == [[.integer(6)]])
    let reasons = try machine.sideOutput("rejected").split(separator: "\n")
    #expect(reasons.count == 2, "\(reasons)")
    #expect(reasons.first?.contains("amount") == true && reasons.last?.contains("note") == true)
  }

  @Test func changedColumnsAskForTheirHistory() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put("/in/a.jsonl", Self.story)
    try machine.finish(Self.pipeline())
    machine.kill()
    let without = Self.pipeline().replacing("schema_changes: apply\n", with: "")
    #expect(throws: StorageError.self) { try machine.begin(without) }
    machine.kill()
    // What has changed stays so while nothing more is applied.
    try machine.finish(Self.pipeline("ignore"))
    try check(machine)
  }

  // MARK: Debezium

  @Test func theTableIsAsTheOtherDatabase() throws {
    let machine = try StreamMachine()
    try machine.put("/mapping.yaml", ChangeEvents.mapping)
    func row(_ id: Int, _ members: String) -> String {
      "{\"op\": \"c\", \"before\": null, \"after\": {\"id\": \(id), \(members)}, "
        + "\"ts_ms\": \(id)}\n"
    }
    func ddl(_ text: String, _ position: Int) -> String {
      "{\"source\": {\"file\": \"bin.1\", \"pos\": \(position)}, \"databaseName\": \"shop\", "
        + "\"ddl\": \"ALTER TABLE users \(text)\", \"tableChanges\": []}\n"
    }
    try machine.put(
      "/in/a.jsonl",
      row(1, "\"name\": \"a\"") + ddl("ADD COLUMN level INT NOT NULL DEFAULT 7 AFTER name", 1)
        + row(2, "\"name\": \"b\", \"level\": 3")
        + ddl("CHANGE name title VARCHAR(99), MODIFY level BIGINT", 2)
        + row(3, "\"title\": \"c\", \"level\": 5000000000")
        + "{\"op\": \"d\", \"before\": {\"id\": 1, \"title\": \"a\", \"level\": 7}, "
        + "\"after\": null, \"ts_ms\": 9}\n")
    try machine.finish(
      ChangeEvents.pipeline.replacing("/in/*.jsonl", with: "/in/a.jsonl")
        + "\nschema_changes: apply")
    #expect(try machine.sideOutput("rejected") == "")
    // The mapping calls the column as the source did, so the table follows.
    #expect(
      try machine.rows("SELECT id, title, level, at FROM users ORDER BY id") == [
        [.integer(2), .string("b"), .integer(3), .integer(2)],
        [.integer(3), .string("c"), .integer(5_000_000_000), .integer(3)],
      ])
    #expect(try machine.rows("SELECT count(*) FROM log_c") == [[.integer(3)]])
  }
}

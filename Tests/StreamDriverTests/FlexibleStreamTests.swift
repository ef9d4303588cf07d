import StorageBase
import TabletEngine
import Testing

@testable import StreamDriver

/// Rows that name the columns they have, through transforms into a table, against a dictionary.
struct FlexibleStreamTests {
  private static let mapping = """
    format: json
    columns:
      - {name: id, type: int64}
      - {name: region, type: string}
      - {name: a, type: int64, nullable: true}
      - {name: b, type: string, nullable: true, default: none}
      - {name: code, type: int64, nullable: true}
      - {name: op, type: string}
    """

  private static func pipeline(writers: Int, partial: String) -> String {
    """
    name: wide
    writers: \(writers)
    dimensions: [{table: codes, key: [code], files: /dimensions/codes.csv}]
    source: {files: /in/*.jsonl, mapping: /mapping.yaml}
    transforms:
      - standardise: [{column: text, from: b, trim: true, case: upper, default: "-"}]
      - clean:
          - {column: a, not_null: true, else: drop}
          - {check: "text is null or text <> 'SKIP'", name: skipped, else: drop}
      - compute: {twice: a * 2, both: "text || code"}
      - lookup: {table: codes, on: {code: code}, add: {title: title}, miss: drop}
    tables:
      table: wide
      key: [id, region]
      unique: true
      partial: \(partial)
      columns: [id, region, a, text, twice, both, title]
      delete_on: op = 'd'
    """
  }

  /// A row of the source, and what it does.
  private struct Event {
    var id = 0
    var region: String?
    var a: Int??
    var b: String?
    var code: Int?
    var isDeletion = false

    var line: String {
      var members = ["\"id\": \(id)"]
      if let region { members.append("\"region\": \"\(region)\"") }
      if let a { members.append("\"a\": \(a.map { "\($0)" } ?? "null")") }
      if let b { members.append("\"b\": \"\(b)\"") }
      if let code { members.append("\"code\": \(code)") }
      if isDeletion { members.append("\"op\": \"d\"") }
      return "{\(members.joined(separator: ", "))}\n"
    }

    func apply(to rows: inout [[Value]: [Value]]) {
      guard let region, a != .some(nil), b != " skip ", code != 3 else { return }
      let key: [Value] = [.integer(Int128(id)), .string(region)]
      if isDeletion {
        rows[key] = nil
        return
      }
      var row = rows[key] ?? Array(repeating: .null, count: 5)
      if let a, let a {
        row[0] = .integer(Int128(a))
        row[2] = .integer(Int128(a * 2))
      }
      let text = b.map { $0.split(separator: " ").joined().uppercased() }
      if let text { row[1] = .string(text) }
      if let text, let code { row[3] = .string("\(text)\(code)") }
      if let code { row[4] = .string("title \(code)") }
      rows[key] = row
    }
  }

  /// The rows of a file, whose ids no other file has.
  private static func events(file: Int, count: Int) -> [Event] {
    var random = SeededGenerator(seed: UInt64(file))
    func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
    return (0..<count).map { row in
      var event = Event(id: file * 10 + Int.random(in: 0..<6, using: &random))
      if !chance(15) { event.region = "north" }
      if chance(2) { event.a = .some(chance(6) ? nil : row) }
      if chance(2) { event.b = chance(8) ? " skip " : " text\(row)" }
      if chance(2) { event.code = Int.random(in: 0...3, using: &random) }
      event.isDeletion = chance(12)
      return event
    }
  }

  private func machine(_ events: [[Event]]) throws -> StreamMachine {
    let machine = try StreamMachine()
    try machine.disk.createDirectory("/dimensions")
    try machine.put("/mapping.yaml", Self.mapping)
    try machine.put("/dimensions/codes.csv", "code,title\n0,title 0\n1,title 1\n2,title 2\n")
    for (file, events) in events.enumerated() {
      try machine.put("/in/\(file).jsonl", events.map(\.line).joined())
    }
    return machine
  }

  private func expectRows(of events: [[Event]], in machine: StreamMachine) throws {
    var rows: [[Value]: [Value]] = [:]
    for event in events.joined() { event.apply(to: &rows) }
    let expected = rows.map { $0.key + $0.value }.sorted { "\($0[0])" < "\($1[0])" }
    #expect(expected.count > 8)
    let found = try machine.rows("SELECT * FROM wide").sorted { "\($0[0])" < "\($1[0])" }
    #expect(found == expected)
  }

  @Test(arguments: ["flexible", "{flexible: true, strategy: delta}"]) func rowsGiveWhatTheyName(
    partial: String
  ) throws {
    let events = (0..<4).map { Self.events(file: $0, count: 150) }
    let machine = try machine(events)
    try machine.finish(Self.pipeline(writers: 1, partial: partial))
    try expectRows(of: events, in: machine)
    let lines = try machine.sideOutput("rejected").split(separator: "\n")
    let lacking = events.joined().count {
      $0.region == nil && $0.a != .some(nil) && $0.b != " skip " && $0.code != 3
    }
    #expect(lines.count == lacking && lacking > 5)
    #expect(lines.allSatisfy { $0.contains("column region of the key is missing") })
    #expect(lines.allSatisfy { $0.contains("\"rule\":\"table wide\"") })
  }

  @Test(arguments: ["{flexible: true, strategy: rewrite}", "{flexible: true, strategy: delta}"])
  func aKillAfterAnyStepChangesNothing(partial: String) throws {
    let events = (0..<3).map { Self.events(file: $0, count: 40) }
    var stepCount = 1
    var isOver = false
    while !isOver {
      let machine = try machine(events)
      try machine.begin(Self.pipeline(writers: 2, partial: partial))
      isOver = try machine.steps(stepCount)
      machine.kill()
      try machine.finish(Self.pipeline(writers: 3, partial: partial))
      try expectRows(of: events, in: machine)
      let waiting = try #require(machine.store).allTransactions().filter { !$0.state.isFinal }
      #expect(waiting.isEmpty)
      stepCount += 2
    }
    #expect(stepCount > 4)
  }

  /// Partitions whose rows all lack columns go into the same loads.
  @Test func rowsOfFewerColumnsAreFlexibleToo() throws {
    func rows(_ partial: String) throws -> [[Value]] {
      let machine = try StreamMachine()
      try machine.finish(
        """
        name: wide
        source: {generate: product360, rows: 80, partitions: 4, users: 10, columns: 74}
        tables: [{table: wide, key: [user_id], unique: true, partial: \(partial)}]
        """)
      return try machine.rows("SELECT * FROM wide").sorted { "\($0[0])" < "\($1[0])" }
    }
    let fixed = try rows("true")
    #expect(try rows("flexible") == fixed)
    #expect(fixed.count == 10)
  }

  @Test func whatCannotBeIsRefused() throws {
    func refusal(_ yaml: String, file: String = "/in/a.jsonl", table: TableDefinition? = nil)
      throws -> String
    {
      let machine = try StreamMachine()
      try machine.put(file, file.hasSuffix("csv") ? "id,n\n1,2\n" : "{\"id\": 1, \"n\": 2}\n")
      if let table {
        try machine.begin("name: x\nsource: {generate: orders}\ntables: [{table: other}]")
        try #require(machine.store).createTable(table)
        machine.kill()
      }
      do {
        try machine.begin("name: x\nsource: {files: \(file)}\n" + yaml)
        return ""
      } catch { return "\(error)" }
    }
    let flexible = "{table: t, key: [id], unique: true, partial: flexible}"
    #expect(
      try refusal("tables: [\(flexible), {table: u}]")
        .contains("rows for t name their own columns, so those for u do too"))
    #expect(
      try refusal("tables: [\(flexible)]", file: "/in/a.csv")
        .contains("rows of delimited text do not name their columns"))
    #expect(
      try refusal("tables: [{table: t, key: [id], unique: true, partial: {how: delta}}]")
        .contains("how"))
    let schema = try Schema(
      [("id", .int64, false), ("n", .int64, false)], sortKeyCount: 1)
    let table = try TableDefinition(
      name: "t", schema: Schema(columns: schema.columns, sortKeyCount: 1, keysModel: .unique),
      uniqueKeys: UniqueKeyOptions())
    #expect(
      try refusal("tables: [\(flexible)]", table: table)
        .contains("column n may not be given, and new keys have no value for it"))
    #expect(try refusal("tables: [\(flexible)]") == "")
  }
}

import StorageBase
import TabletEngine
import Testing

@testable import StreamDriver

/// Changes of columns as sources tell them, and what they are to columns as they are.
struct SchemaEventTests {
  private func parsed(_ line: String) -> SchemaEvent? {
    Array(line.utf8).withUnsafeBytes { SchemaEvent(line: $0) }
  }

  private func content(_ line: String) -> SchemaEvent.Content? { parsed(line)?.content }

  @Test func theOwnForm() throws {
    let event = try #require(
      parsed(
        """
        {"schema_change": {"id": "7", "table": "shop.users", "changes": [
        {"add": "city", "type": "string", "nullable": false, "default": "x", "after": "name"},
        {"add": "n", "type": "bigint", "default": 5}, {"drop": "note"},
        {"rename": "a", "to": "b"}, {"widen": "k", "type": "decimal(12,2)"}, {"nullable": "k"}]}}
        """))
    #expect(event.id == "7" && event.table == "shop.users")
    #expect(
      event.content
        == .changes([
          .change(
            .addColumn(
              name: "city", type: .string, isNullable: false, defaultValue: .string("x"),
              after: "name")),
          .change(.addColumn(name: "n", type: .int64, defaultValue: .integer(5))),
          .change(.dropColumn("note")), .change(.renameColumn("a", to: "b")),
          .change(.widenColumn("k", to: .decimal(precision: 12, scale: 2))),
          .change(.makeNullable("k")),
        ]))
  }

  @Test(arguments: [
    (#"{"schema_change": {"changes": []}}"#, "changes to be a list of changes"),
    (#"{"schema_change": {"changes": [{"ad": "x"}]}}"#, "one of add, drop"),
    (#"{"schema_change": {"changes": [{"add": "x", "type": "blob"}]}}"#, "type to be a type"),
    (#"{"schema_change": {"changes": [{"add": "x", "type": "int8", "default": 300}]}}"#, "300"),
    (#"{"schema_change": {"changes": [{"drop": "x", "to": "y"}]}}"#, "no member \"to\""),
    (#"{"schema_change": 7}"#, "an object"),
  ])
  func whatIsUnclearSaysWhy(line: String, reason: String) throws {
    guard case .unclear(let said)? = content(line) else {
      Issue.record("\(line) is \(String(describing: content(line)))")
      return
    }
    #expect(said.contains(reason), "\(said)")
  }

  @Test(arguments: [
    #"{"id": 1, "ddl": "ALTER TABLE t ADD c int"}"#,
    #"{"op": "u", "source": {"db": "x"}, "ddl": null, "after": {"ddl": "x"}}"#,
    #"{"op": "c", "source": {"db": "x"}, "ddl": "ALTER TABLE t ADD c int"}"#,
    #"{"schema_change": 1, "id": 2}"#, #"{"note": "\"schema_change\""}"#, "schema_change", "",
  ])
  func rowsAreNoChanges(line: String) { #expect(parsed(line) == nil) }

  private static func column(
    _ name: String, _ type: DataType, _ isNullable: Bool = true, _ value: Value? = nil
  ) -> SourceColumn {
    SourceColumn(name: name, type: type, isNullable: isNullable, defaultValue: value)
  }

  @Test(
    arguments: [
      (
        "ALTER TABLE `inventory`.`customers` ADD COLUMN `phone` VARCHAR(20) NOT NULL DEFAULT '' "
          + "COMMENT 'a, b' AFTER `name`, ADD INDEX (`phone`)",
        [
          .change(
            .addColumn(
              name: "phone", type: .string, isNullable: false, defaultValue: .string(""),
              after: "name"))
        ]
      ),
      (
        "alter table c add (a int unsigned, b decimal(9, 3) default -1.5)",
        [
          .change(.addColumn(name: "a", type: .int64)),
          .change(
            .addColumn(
              name: "b", type: .decimal(precision: 9, scale: 3), defaultValue: .integer(-1500))),
        ]
      ),
      ("ALTER TABLE c ADD n INT NOT NULL", [.change(.addColumn(name: "n", type: .int32))]),
      (
        "ALTER TABLE c ADD at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)",
        [.change(.addColumn(name: "at", type: .datetime))]
      ),
      (
        "ALTER TABLE c DROP COLUMN a, DROP b, DROP INDEX x;",
        [.change(.dropColumn("a")), .change(.dropColumn("b"))]
      ),
      ("ALTER TABLE c RENAME COLUMN a TO b", [.change(.renameColumn("a", to: "b"))]),
      (
        "ALTER TABLE c CHANGE COLUMN a b BIGINT NULL, MODIFY c double precision",
        [
          .change(.renameColumn("a", to: "b")), .redefine(column("b", .int64)),
          .redefine(column("c", .double)),
        ]
      ),
      (
        "ALTER TABLE only public.c ALTER COLUMN n TYPE bigint USING n::bigint, "
          + "ALTER n DROP NOT NULL, ALTER m SET DEFAULT 7",
        [.redefine(column("n", .int64, false)), .change(.makeNullable("n"))]
      ),
      ("ALTER TABLE c ENGINE = InnoDB, COMMENT = 'x'", []),
    ] as [(String, [SourceChange])])
  func statements(ddl: String, changes: [SourceChange]) throws {
    let statement = try #require(try AlterStatement(ddl))
    #expect(statement.changes == changes)
  }

  @Test(arguments: [
    ("ALTER TABLE c ADD COLUMN", "expected a name, found the end"),
    ("ALTER TABLE c ADD COLUMN p GEOMETRY", "expected a type that columns can have"),
    ("ALTER TABLE c RENAME TO d", "keeps its name"),
    ("ALTER TABLE c ADD n INT DEFAULT 'x'", "'x'"),
    ("ALTER TABLE c ADD n 'x", "cannot be read at byte"),
    ("TRUNCATE TABLE c", "only ALTER TABLE can be followed"),
    ("DROP TABLE c", "only ALTER TABLE can be followed"),
  ])
  func statementsThatNobodyFollows(ddl: String, reason: String) {
    let line = JSONValue.object([
      JSONValue.Member("source", .object([])), JSONValue.Member("ddl", .string(ddl)),
    ])
    guard case .unclear(let said)? = content(line.compactText) else {
      Issue.record("\(ddl) was understood")
      return
    }
    #expect(said.contains(reason), "\(said)")
  }

  /// As of https://debezium.io/documentation/reference/stable/connectors/mysql.html.
  private static let debezium = """
    {"schema": {}, "payload": {"source": {"connector": "mysql", "file": "mysql-bin.000003",\
     "pos": 219, "db": "inventory", "table": "customers"}, "ts_ms": 1588252618953,\
     "databaseName": "inventory", "schemaName": null, "ddl": DDL, "tableChanges": [\
    {"type": "ALTER", "id": "\\"inventory\\".\\"customers\\"",\
     "table": {"primaryKeyColumnNames": ["id"], "columns": [\
    {"name": "id", "jdbcType": 4, "typeName": "BIGINT", "length": null, "scale": null,\
     "position": 1, "optional": false},\
    {"name": "name", "typeName": "VARCHAR", "length": 255, "position": 2, "optional": true},\
    {"name": "level", "typeName": "SMALLINT UNSIGNED", "position": 3, "optional": false,\
     "hasDefaultValue": true, "defaultValueExpression": "'3'"}]}}]}}
    """

  private func columns() throws -> RowColumns {
    RowColumns(
      try Schema(
        [("id", .int32, false), ("name", .string, true), ("note", .string, true)], sortKeyCount: 1))
  }

  @Test func tableChangesAreCompared() throws {
    let line = Self.debezium.replacing("DDL", with: "null")
    let event = try #require(parsed(line))
    #expect(event.table == "inventory.customers")
    #expect(event.id?.contains("pos=219") == true)
    #expect(
      try event.changes(of: columns()) == [
        .dropColumn("note"), .widenColumn("id", to: .int64),
        .addColumn(name: "level", type: .int32, isNullable: false, defaultValue: .integer(3)),
      ])
  }

  @Test func aStatementCountsMoreThanTheTable() throws {
    let line = Self.debezium.replacing("DDL", with: "\"ALTER TABLE customers RENAME note TO memo\"")
    let event = try #require(parsed(line))
    #expect(try event.changes(of: columns()) == [.renameColumn("note", to: "memo")])
  }

  @Test func whatIsSoAlreadyIsNoChange() throws {
    func changes(_ changes: [SourceChange]) throws -> [SchemaChange] {
      try SchemaEvent(content: .changes(changes), text: "").changes(of: columns())
    }
    #expect(try changes([.change(.addColumn(name: "name", type: .string))]).isEmpty)
    #expect(try changes([.change(.dropColumn("gone")), .change(.makeNullable("name"))]).isEmpty)
    #expect(try changes([.change(.renameColumn("gone", to: "there"))]).isEmpty)
    #expect(try changes([.redefine(Self.column("id", .int16, false))]).isEmpty)
    #expect(
      try changes([.redefine(Self.column("id", .int64, true))]) == [
        .widenColumn("id", to: .int64), .makeNullable("id"),
      ])
  }

  @Test func whatCannotBeIsRefused() throws {
    func refusal(_ change: SourceChange) throws -> String {
      do {
        _ = try SchemaEvent(content: .changes([change]), text: "").changes(of: columns())
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(try refusal(.change(.widenColumn("id", to: .int8))).contains("possible: int64"))
    #expect(try refusal(.redefine(Self.column("id", .string))).contains("int32 cannot become it"))
    #expect(try refusal(.change(.renameColumn("id", to: "name"))).contains("exists already"))
    #expect(
      try refusal(.change(.addColumn(name: "name", type: .int8))).contains("exists already"))
  }

  @Test func linesAreFoundWhereverTheyAre() throws {
    var random = SeededGenerator(seed: 4)
    let rows = [
      #"{"id": 1}"#, #"{"ddl": 1}"#, #"{"text": "{\"schema_change\": {}}"}"#, "",
      #""schema_change""#,
      String(repeating: "x", count: 70),
    ]
    let events = [
      #"{"schema_change": {"changes": [{"drop": "a"}]}}"#,
      #"{"source": {}, "ddl": "ALTER TABLE t DROP a"}"#,
      #"{"source": {}, "tableChanges": []}"#,
    ]
    for _ in 0..<300 {
      let lines = (0..<Int(random.next() % 12)).map { _ in
        let isEvent = random.next() % 4 == 0
        return isEvent
          ? events[Int(random.next() % 3)] : rows[Int(random.next() % UInt64(rows.count))]
      }
      let end = random.next() % 2 == 0 ? "\n" : ""
      let text = lines.joined(separator: "\n") + end
      let expected = lines.firstIndex { events.contains($0) }.map { place in
        lines[..<place].reduce(0) { $0 + $1.utf8.count + 1 }
      }
      let found = Array(text.utf8).withUnsafeBytes { SchemaEventFinder().first(in: $0)?.line }
      #expect(found?.lowerBound == expected)
    }
  }

  @Test func historiesAreReadBack() throws {
    var history = SchemaHistory()
    let changes: [SchemaChange] = [
      .addColumn(name: "a", type: .decimal(precision: 9, scale: 2), defaultValue: .integer(-5)),
      .addColumn(
        name: "b", type: .datetime, isNullable: false,
        defaultValue: .integer(1_790_000_000_000_001),
        after: "a"),
      .addColumn(name: "c", type: .double, defaultValue: .floating(0.1)), .dropColumn("d"),
      .renameColumn("e", to: "f"), .widenColumn("g", to: .int64), .makeNullable("h"),
    ]
    history.entries = [
      SchemaHistory.Entry(
        id: "x", changes: changes.map { SchemaHistory.Change(change: $0, name: nil) },
        alterations: [SchemaHistory.Alteration(table: "t", version: 3, changes: changes)]),
      SchemaHistory.Entry(
        id: nil, changes: [SchemaHistory.Change(change: changes[0], name: "a_2")], alterations: []),
    ]
    history.appliedCount = 1
    history.views = ["p": [2, 1], "q": []]
    history.bindings = ["t": ["a": ColumnID(rawValue: 7)]]
    let bytes = history.encoded()
    #expect(try SchemaHistory(decoding: bytes) == history)
    var random = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      var damaged = bytes
      damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      do {
        let read = try SchemaHistory(decoding: damaged)
        #expect(read.views.values.joined().allSatisfy { read.entries.indices.contains($0 - 1) })
        #expect(read.appliedCount <= read.entries.count)
      } catch let error as StorageError {
        guard case .corrupt = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
  }
}

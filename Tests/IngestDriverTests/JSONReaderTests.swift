import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import IngestDriver

/// Rows of JSON, against rows that are known before they are written, and against the small parser
/// of `StorageBase`.
@Suite struct JSONReaderTests {
  private static let columns: [(name: String, path: String, type: DataType)] = [
    ("id", "$.id", .int64), ("flag", "$.flag", .bool), ("small", "$['s m']", .int8),
    ("price", "$.price", .decimal(precision: 15, scale: 2)),
    ("wide", "$.w.wide", .decimal(precision: 38, scale: 10)), ("ratio", "$.w.ratio", .double),
    ("city", "$.user.address.city", .string), ("sku", "$.items[0].sku", .string),
    ("second", "$.items[1]", .string), ("day", "$.day", .date), ("at", "$.at", .datetime),
    ("epoch", "$.epoch", .datetime), ("note", "$.note\u{1}\"", .string),
  ]

  private static func mapping(
    _ dialect: JSONDialect = JSONDialect(), isNullable: Bool = true
  ) throws -> InputMapping {
    try InputMapping(
      json: dialect,
      columns: columns.map { column in
        .init(
          name: column.name, type: column.type, isNullable: isNullable && column.name != "id",
          source: .path(
            column.name == "note"
              ? JSONPath(member: "note\u{1}\"") : try JSONPath(parsing: column.path)),
          format: column.name == "epoch" ? .epochMilliseconds : .standard)
      })
  }

  private func outcome(
    _ bytes: [UInt8], _ mapping: InputMapping, chunkByteCount: Int = 1 << 20, maxRows: Int = 1000,
    isMapped: Bool = true
  ) throws -> (rows: [[Value]], problems: [RowProblem]) {
    let file = MemoryFile(path: "input.jsonl", bytes: bytes)
    let source = try FileSource(
      file: isMapped ? file : UnmappedFile(file), mapping: mapping, maxErrors: .max,
      chunkByteCount: chunkByteCount)
    return (try allRows(source.makeReader(), maxRows: maxRows), source.rejectedRows)
  }

  @Test(arguments: 0..<12) func rowsAreReadAsTheyWereMeant(seed: UInt64) throws {
    var writer = JSONRowWriter(random: SeededGenerator(seed: seed))
    let rows = (0..<120).map { writer.row(id: $0) }
    let mapping = try Self.mapping()
    let lines = rows.map(\.text).joined(separator: seed % 2 == 0 ? "\n" : " \r\n\n") + "\n"
    let expected = rows.map(\.values)
    for (chunkByteCount, maxRows) in [(1 << 20, 1000), (1, 7), (300, 1), (5000, 64)] {
      let found = try outcome(
        Array(lines.utf8), mapping, chunkByteCount: chunkByteCount, maxRows: maxRows,
        isMapped: chunkByteCount != 300)
      #expect(found.rows == expected && found.problems.isEmpty)
    }
    let array = "\u{FEFF} [\n" + rows.map(\.text).joined(separator: "\n,\r\n  ") + "\n]\n "
    let arrayMapping = try Self.mapping(JSONDialect(hasOuterArray: true))
    for (chunkByteCount, maxRows) in [(1 << 20, 1000), (1, 7), (700, 3)] {
      let found = try outcome(
        Array(array.utf8), arrayMapping, chunkByteCount: chunkByteCount, maxRows: maxRows)
      #expect(found.rows == expected && found.problems.isEmpty)
    }
  }

  /// Whatever becomes of a row, the small parser says the same of it, and its neighbours stay.
  @Test(arguments: 0..<10) func agreesWithTheSmallParser(seed: UInt64) throws {
    var random = SeededGenerator(seed: 1000 + seed)
    var writer = JSONRowWriter(random: SeededGenerator(seed: seed))
    let mapping = try InputMapping(
      json: JSONDialect(),
      columns: [
        .init(name: "row", type: .string, source: .path(JSONPath(parsing: "$"))),
        .init(
          name: "w", type: .string, isNullable: true, source: .path(JSONPath(parsing: "$.w.x"))),
      ])
    let decoder = try RowDecoder(mapping, path: "x")
    let alphabet = Array("{}[]\",:\\u0019eE+-.tfn \t".utf8) + [0x01, 0x00]
    for _ in 0..<300 {
      var text = Array(writer.row(id: 1).text.utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        // ASCII for ASCII, so that the text stays UTF-8.
        let place = Int.random(in: 0..<text.count, using: &random)
        guard text[place] < 0x80 else { continue }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: text[place] = alphabet.randomElement(using: &random)!
        case 1: text.remove(at: place)
        default: text.insert(alphabet.randomElement(using: &random)!, at: place)
        }
      }
      let bytes = Array("{}\n".utf8) + text + Array("\n{\"a\":1}".utf8)
      let decoded = try bytes.withUnsafeBytes { try decoder.decode($0) }
      let found = try #require(decoded.rows).batch.columns[0]
      let texts = (0..<found.count).map { String(decoding: found.bytes(at: $0), as: UTF8.self) }
      #expect(texts.first == "{}" && texts.last == "{\"a\":1}")
      if Self.isObject(text) {
        let trimmed = String(decoding: text, as: UTF8.self).drop { " \t\r".contains($0) }
        #expect(texts.count == 3 && trimmed.hasPrefix(texts[1]), "\(trimmed)")
      } else if text.contains(where: { !" \t\r".utf8.contains($0) }) {
        #expect(texts.count == 2 && decoded.rejected.count == 1, "\(texts)")
        #expect(
          decoded.rejected.first.map { Array(bytes[$0.bytes]).starts(with: text.trimmed) } == true)
      }
    }
  }

  private static func isObject(_ text: [UInt8]) -> Bool {
    do throws(JSONFault) {
      let value = try text.withUnsafeBufferPointer { bytes throws(JSONFault) in
        try JSONValue(parsing: bytes, allowsTwins: true)
      }
      if case .object = value { return true }
      return false
    } catch {
      // Whether a number can be held is for its column to say.
      return error.expected.contains("too large")
    }
  }

  @Test func everyTypeTakesWhatFieldsOfItTake() throws {
    let texts = [
      "0", "1", "-1", "12.5", "1e3", "1.50", "127", "128", "9223372036854775807",
      "9223372036854775808", "true", "false", "null", "\"\"", "\"1\"", "\"t\"", "\"2026-02-28\"",
      "\"2026-02-30\"", "\"2026-01-31T10:00:00.5Z\"", "\"inf\"", "\"1e400\"", "1e400", "[1, 2]",
      "{\"a\":1}", "\"\\u00e9\\n\"", "99999999999999.99", "0.001",
    ]
    let types: [DataType] = [
      .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 15, scale: 2),
      .decimal(precision: 38, scale: 10), .date, .datetime, .string,
    ]
    for type in types {
      for text in texts {
        let mapping = try InputMapping(
          json: JSONDialect(),
          columns: [
            .init(name: "id", type: .int64), .init(name: "v", type: type, isNullable: true),
          ])
        let found = try outcome(Array("{\"id\":1,\"v\":\(text)}".utf8), mapping)
        let field = Self.field(text)
        let expected = try? field.map { try type.value(ofField: $0) } ?? .null
        #expect(found.rows.first?[1] == expected, "\(text) as \(type)")
        #expect(found.problems.count == (expected == nil ? 1 : 0))
      }
    }
  }

  /// What a value is as the text of a field; nil for null.
  private static func field(_ text: String) -> String? {
    switch try? JSONValue(parsing: text) {
    case .null: nil
    case .string(let text): text
    default: text
    }
  }

  @Test func errorsSayWhereWhatAndWhy() throws {
    let cases: [(String, String)] = [
      ("{\"id\":1}\nx\n", "line 2 (whole row): no JSON object: expected a JSON object at byte 0"),
      ("\n{\"id\":1,}\n", "line 2 (whole row): no JSON object: expected the name of a member at"),
      ("{\"id\" 1}\n", "expected a colon at byte 6 of it (the row begins at byte 0)"),
      ("{\"id\":1}{\n", "expected the end of the row at byte 8"),
      ("{\"id\":1\n", "expected a comma or the end of the object"),
      ("{\"id\":1,\"x\":[1\n", "expected a comma or the end of the array"),
      ("{\"id\":01}\n", "no digit after a leading zero"), ("{\"id\":1.}\n", "expected a digit"),
      ("{\"id\":-}\n", "expected a value"), ("{\"id\":nul}\n", "expected null"),
      ("{\"id\":1,\"note\":\"a\n", "expected the end of the string"),
      ("{\"id\":1,\"note\":\"\\x\"}\n", "after a backslash"),
      ("{\"id\":1,\"note\":\"\\ud800\"}\n", "a pair of surrogates"),
      ("{\"id\":1,\"note\":\"\\ud800\\u0041\"}\n", "a low surrogate"),
      ("{\"id\":1,\"note\":\"\\u00g0\"}\n", "a hexadecimal digit"),
      ("{\"id\":1,\"x\":" + String(repeating: "[", count: 70), "at most 64 levels of nesting"),
      (
        "{\"id\":1}\n{\"id\":\"x\"}",
        "line 2, column id \"x\": not a int64 (the row begins at byte 9)"
      ),
      ("{\"note\":\"\"}", "line 1, column id (whole row): missing, and the column is not nullable"),
      ("{\"id\":null}", "line 1, column id \"null\": null, but the column is not nullable"),
    ]
    let mapping = try InputMapping(
      json: JSONDialect(),
      columns: [
        .init(name: "id", type: .int64), .init(name: "note", type: .string, isNullable: true),
      ])
    for (text, expected) in cases {
      let source = try FileSource(file: memoryFile(text, path: "in.jsonl"), mapping: mapping)
      let found = message { _ = try allRows(source.makeReader()) }
      #expect(
        found?.replacing(": invalid", with: "").contains(expected) == true,
        "\(text): \(found ?? "taken")")
    }
    #expect(
      try outcome(Array("{\"id\":1,\"note\":\"".utf8) + [0xC3] + Array("\"}".utf8), mapping)
        .problems.first?.reason == "not UTF-8")
  }

  @Test func anArrayThatIsNoneIsReported() throws {
    let cases: [(String, Int, Int)] = [
      ("[]", 0, 0), (" [ {\"id\":1} ] ", 1, 0), ("[{\"id\":1},]", 1, 1), ("[{\"id\":1}", 0, 1),
      ("{\"id\":1}", 0, 1), ("[{\"id\":1}] {\"id\":2}", 1, 1), ("[{\"id\":1},,{\"id\":2}]", 1, 1),
      ("[1,{\"id\":\"]\"},{\"id\":3}]", 1, 2), ("[{\"id\":1}{\"id\":2}]", 0, 1), ("", 0, 0),
      (" \n", 0, 0),
      ("[{\"id\":3,\"note\":\"a\nb\"},{\"id\":4}]", 1, 1), ("[", 0, 1),
    ]
    let mapping = try InputMapping(
      json: JSONDialect(hasOuterArray: true),
      columns: [
        .init(name: "id", type: .int64), .init(name: "note", type: .string, isNullable: true),
      ])
    for (text, rowCount, problemCount) in cases {
      for chunkByteCount in [1 << 20, 1] {
        let found = try outcome(Array(text.utf8), mapping, chunkByteCount: chunkByteCount)
        #expect(found.rows.count == rowCount, "\(text)")
        #expect(found.problems.count == problemCount, "\(text): \(found.problems)")
      }
      let decoded = try Array(text.utf8).withUnsafeBytes {
        try RowDecoder(mapping, path: "x").decode($0)
      }
      #expect(
        decoded.rows?.batch.rowCount ?? 0 == rowCount && decoded.rejected.count == problemCount)
    }
  }

  @Test func rowsLongerThanABlockAreRead() throws {
    let mapping = try InputMapping(
      json: JSONDialect(),
      columns: [.init(name: "id", type: .int64), .init(name: "text", type: .string)])
    var text = ""
    var expected: [[Value]] = []
    for id in 0..<12 {
      let long = String(repeating: "ab\"\n", count: id % 3 == 1 ? 40_000 : id * 900)
      text +=
        JSONValue.object([.init("text", .string(long)), .init("id", .integer(id))]).compactText
      text += "\n"
      expected.append([.integer(Int128(id)), .string(long)])
    }
    #expect(try outcome(Array(text.utf8), mapping).rows == expected)
    #expect(
      try outcome(Array(text.utf8), mapping, chunkByteCount: 100, maxRows: 5).rows == expected)
  }

  @Test func whatIsMissingHasItsDefaultAndTheLastTwinCounts() throws {
    let mapping = try InputMapping(
      json: JSONDialect(),
      columns: [
        .init(name: "id", type: .int64),
        .init(name: "n", type: .int32, defaultValue: .integer(7)),
        .init(name: "s", type: .string, isNullable: true, defaultValue: .string("none")),
        .init(name: "u", type: .double, isNullable: true),
      ])
    let text = """
      {"id":1,"n":2,"s":"x","u":0.5}
      {"id":2}
      {"s":null,"id":3,"n":4,"n":5}
      {"id":4,"n":null}
      {"id":5,"s":"y"}
      """
    let found = try outcome(Array(text.utf8), mapping)
    #expect(
      found.rows == [
        [.integer(1), .integer(2), .string("x"), .floating(0.5)],
        [.integer(2), .integer(7), .string("none"), .null],
        [.integer(3), .integer(5), .null, .null],
        [.integer(5), .integer(7), .string("y"), .null],
      ])
    #expect(found.problems.map(\.line) == [4])
  }

  @Test func rowsTellWhatTheyName() throws {
    let mapping = try InputMapping(
      json: JSONDialect(namesOwnColumns: true),
      columns: [
        .init(name: "id", type: .int64), .init(name: "n", type: .int32, defaultValue: .integer(7)),
        .init(name: "s", type: .string, isNullable: true), .init(name: "all", type: .bool),
      ])
    let text = """
      {"id":1,"all":true}
      {"id":2,"n":5,"all":false}
      {"n":1,"all":true}
      {"id":4,"s":null,"all":true}
      {"id":5,"n":null,"all":true}
      """
    let source = try FileSource(
      file: memoryFile(text), mapping: mapping, maxErrors: 2)
    let rows = try #require(try source.makeReader().nextRows(maxRows: 10))
    let ids = (0..<rows.batch.rowCount).map { rows.batch.columns[0][$0] }
    #expect(ids == [.integer(1), .integer(2), .integer(4)])
    func bits(_ column: Int) -> [Bool]? {
      rows.given[column].map { given in (0..<given.count).map { given[$0] } }
    }
    #expect(bits(0) == nil && bits(3) == nil)
    #expect(bits(1) == [false, true, false] && bits(2) == [false, false, true])
    #expect(source.rejectedRows.map(\.line) == [3, 5])
    #expect(source.rejectedRows.map(\.column) == ["id", "n"])
  }
}

extension [UInt8] {
  fileprivate var trimmed: [UInt8] {
    let head = drop { " \t\r".utf8.contains($0) }
    return Array(head.reversed().drop { " \t\r".utf8.contains($0) }.reversed())
  }
}

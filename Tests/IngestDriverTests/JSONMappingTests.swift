import StorageBase
import StorageIO
import Synchronization
import Testing

@testable import IngestDriver

@Suite struct JSONMappingTests {
  @Test func pathsAreReadAndWritten() throws {
    let cases: [(String, [JSONPath.Step])] = [
      ("$", []), ("$.a", [.member("a")]),
      ("$.user.address.city", [.member("user"), .member("address"), .member("city")]),
      ("$.items[0].sku", [.member("items"), .element(0), .member("sku")]),
      ("$['a.b'][12]", [.member("a.b"), .element(12)]),
      ("$[\"it's\"]['x\\'\\\\y']", [.member("it's"), .member("x'\\y")]),
      ("$['']", [.member("")]), ("$.é漢", [.member("é漢")]),
    ]
    for (text, steps) in cases {
      let path = try JSONPath(parsing: text)
      #expect(path.steps == steps)
      #expect(try JSONPath(parsing: path.description) == path)
    }
    let mistakes = [
      "", "a", "$a", "$.", "$..a", "$[", "$[]", "$[-1]", "$[1000001]", "$['a", "$['a\\b']", "$[0",
      "$.a'b", "$" + String(repeating: "[0]", count: 33),
    ]
    for text in mistakes {
      let found = message { _ = try JSONPath(parsing: text) }
      #expect(found?.contains("at character") == true, "\(text)")
    }
  }

  @Test func mappingsOfJSONAreRead() throws {
    let mapping = try InputMapping(
      yaml: """
        format: json
        outer_array: true
        columns:
          - {name: id, type: int64}
          - {name: city, type: string, source: $.user.address.city, default: none}
          - {name: at, type: datetime, nullable: true, source: created, format: epoch_ms}
          - {name: price, type: "decimal(9,2)", default: 1.5}
        """, path: "m.yaml")
    let expected = try InputMapping(
      json: JSONDialect(hasOuterArray: true),
      columns: [
        .init(name: "id", type: .int64),
        .init(
          name: "city", type: .string, source: .path(JSONPath(parsing: "$.user.address.city")),
          defaultValue: .string("none")),
        .init(
          name: "at", type: .datetime, isNullable: true, source: .header("created"),
          format: .epochMilliseconds),
        .init(
          name: "price", type: .decimal(precision: 9, scale: 2), defaultValue: .integer(150)),
      ])
    #expect(mapping == expected)
  }

  @Test func mistakesOfJSONMappingsAreReported() throws {
    let text = """
      format: json
      delimiter: ","
      columns:
        - {name: a, type: int8, source: 3}
        - {name: b, type: int8, source: "$.b[x]"}
        - {name: c, type: int8, default: many}
        - {name: d, type: int8, default: [1]}
      """
    let found = try #require(message { _ = try InputMapping(yaml: text, path: "m.yaml") })
    for part in [
      "delimiter is nothing that JSON has", "source 3: JSON objects have no",
      "JSON path", "default of column c", "default must be a text",
    ] {
      #expect(found.contains(part), "\(part) in \(found)")
    }
    let csv = """
      outer_array: true
      columns: [{name: a, type: int8, default: 1}]
      """
    let other = try #require(message { _ = try InputMapping(yaml: csv, path: "m.yaml") })
    #expect(other.contains("outer_array needs format: json"))
    #expect(other.contains("default needs format: json"))
    #expect(
      message {
        _ = try InputMapping(yaml: "format: xml\ncolumns: [{name: a, type: int8}]", path: "m")
      }?
      .contains("use csv or json") == true)
  }

  @Test func sourcesHaveToSuitTheFormat() throws {
    func failure(_ json: JSONDialect?, _ sources: InputMapping.Source...) -> String? {
      message {
        let mapping = try InputMapping(
          json: json,
          columns: sources.enumerated().map { .init(name: "c\($0)", type: .string, source: $1) })
        _ = try FileSource(file: memoryFile("a,b\n1,2\n"), mapping: mapping)
      }
    }
    #expect(failure(JSONDialect(), .position(1))?.contains("have no positions") == true)
    #expect(
      failure(JSONDialect(), .header("a"), .path(JSONPath(member: "a")))?
        .contains("feeds another column already") == true)
    #expect(failure(nil, .path(JSONPath(member: "a")))?.contains("have no paths") == true)
    #expect(failure(nil, .header("a"), .header("b")) == nil)
  }

  @Test func columnsOfJSONAreGuessed() throws {
    let text = """
      {"id": 1, "name": "Ada", "at": "2026-01-31T10:00:00Z", "on": true, "n": 1.25, "x": null}
      not JSON
      {"id": 2, "name": "7", "day": "2026-01-31", "on": false, "n": 2, "tags": ["a"], "m": 1}
      {"id": 3, "name": "Eve", "at": "2026-02-01T00:00:00Z", "on": true, "n": 3, "m": "one"}
      """
    let file = memoryFile(text, path: "users.jsonl")
    let mapping = try InputMapping.inferred(from: file, json: JSONDialect(detectedIn: file))
    let found = mapping.columns.map { "\($0.name) \($0.type)\($0.isNullable ? "?" : "")" }
    #expect(
      found == [
        "id int64", "name string", "at datetime?", "on bool", "n decimal(18,2)", "x string?",
        "day date?", "tags string?", "m string?",
      ])
    let array = memoryFile(
      " \n[\(text.replacing("\nnot JSON\n", with: ",").replacing("\n", with: ","))]")
    #expect(try JSONDialect(detectedIn: array) == JSONDialect(hasOuterArray: true))
    #expect(
      try InputMapping.inferred(from: array, json: JSONDialect(detectedIn: array)).columns
        == mapping.columns)
    #expect(
      message { _ = try InputMapping.inferred(from: memoryFile("[]\n"), json: JSONDialect()) }?
        .contains("cannot be guessed") == true)
  }
}

@Suite struct RowDecoderTests {
  private static let csv = "1,a\n2,\"b\nc\"\nx,d\n3,e,f\n4,g"

  @Test func delimitedTextInMemoryIsDecoded() throws {
    let decoder = try RowDecoder(positionalMapping([.int64, .string]), path: "queue")
    for _ in 0..<2 {
      let bytes = Array(Self.csv.utf8)
      let decoded = try bytes.withUnsafeBytes { try decoder.decode($0) }
      let batch = try #require(decoded.rows).batch
      let rows = (0..<batch.rowCount).map { row in batch.columns.map { $0[row] } }
      #expect(
        rows == [
          [.integer(1), .string("a")], [.integer(2), .string("b\nc")],
          [.integer(4), .string("g")],
        ])
      let rejected = decoded.rejected.map { String(decoding: bytes[$0.bytes], as: UTF8.self) }
      #expect(rejected == ["x,d", "3,e,f"])
      #expect(decoded.rejected.map(\.column) == ["c1", nil])
    }
    let empty = try decoder.decode(UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(empty.rows == nil && empty.rejected.isEmpty)
  }

  @Test func aHeaderTellsWhereFieldsAre() throws {
    let mapping = try InputMapping(columns: [
      .init(name: "b", type: .int8), .init(name: "a", type: .string),
    ])
    let decoder = try RowDecoder(mapping, header: ["a", "x", "b"], path: "queue")
    let decoded = try Array("p,q,1\r\n".utf8).withUnsafeBytes { try decoder.decode($0) }
    #expect(decoded.rows?.batch.columns.map { $0[0] } == [.integer(1), .string("p")])
    #expect(message { _ = try RowDecoder(mapping, path: "queue") }?.contains("queue") == true)
  }

  /// What is passed over can be kept elsewhere, byte for byte.
  @Test func rejectedRowsAreHandedOn() throws {
    let csv = "1,a\r\nx,b\r\n2,\"c\n\"d\n3,e\n"
    let json = "{\"c1\":1}\n\n{\"c1\":\"é\"} \r\n[]\n{\"c1\":2}"
    let cases: [(String, InputMapping, [String])] = [
      (csv, try positionalMapping([.int64, .string]), ["x,b", "2,\"c\n\"d"]),
      (
        json, try InputMapping(json: JSONDialect(), columns: [.init(name: "c1", type: .int64)]),
        ["{\"c1\":\"é\"} ", "[]"]
      ),
    ]
    for (text, mapping, expected) in cases {
      let bytes = Array(text.utf8)
      let kept = Mutex<[(offset: UInt64, text: String)]>([])
      let source = try FileSource(
        file: memoryFile(text), mapping: mapping, maxErrors: 2, chunkByteCount: 4,
        onRejectedRow: { problem, row in
          kept.withLock { $0.append((problem.byteOffset, String(decoding: row, as: UTF8.self))) }
        })
      #expect(try allRows(source.makeReader()).count == 2)
      let found = kept.withLock { $0 }
      #expect(found.map(\.text) == expected)
      for row in found {
        #expect(bytes.dropFirst(Int(row.offset)).starts(with: Array(row.text.utf8)))
      }
    }
  }
}

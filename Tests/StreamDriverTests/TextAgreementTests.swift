import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import StreamTransforms

/// A text means the same in a field of CSV, in a string of JSON, and where a transform casts it.
struct TextAgreementTests {
  private static let types: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .date, .datetime,
    .decimal(precision: 9, scale: 2), .decimal(precision: 18, scale: 0),
    .decimal(precision: 38, scale: 9),
  ]

  private static let texts =
    [
      "true", "FALSE", "t", "F", "yes", "No", "y", "on", "OFF", "1", "0", "2", "-1", "+1", "",
      "007", "00000000000000000000000127", "128", "-128", "32767", "32768", "2147483648",
      "-2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
      "1.0", "1.5", ".5", "5.", "1.005", "1.500", "9999999.99", "10000000", "1e3", "1E-3", "1e999",
      "16777217.0000001", "inf", "-Infinity", "NaN", "0x10", "1 ", " 1", "1,5", "１", "2026-01-31",
      "2026-1-31", "2026-02-29", "12026-01-31", "-0044-03-15", "99999999-01-01", "9999999-01-01",
      "2026-01-31 12:30", "2026-01-31T12:30:15Z", "2026-01-31 12:30:15.123456",
      "2026-01-31 12:30:15.123456789", "2026-01-31 12:30:15.1234567890", "2026-01-31 23:30-01:00",
      "2026-01-31 00:30+0100", "2026-01-31 00:30+01", "2026-01-31 24:00", "2026-01-31 12:60",
      "20260131", "2026-01-31 12", "2026-01-31 ", "tru", "yesno", "é",
    ] + randomTexts()

  private static func randomTexts() -> [String] {
    var random = SeededGenerator(seed: 8)
    let alphabet = Array("00112359-+.:eE TZ")
    return (0..<400).map { _ in
      String(
        (0..<Int.random(in: 1...20, using: &random)).map { _ in
          alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        })
    }
  }

  private func cast(to type: DataType) throws -> [Value?] {
    let builder = ColumnBuilder(type: .string)
    for text in Self.texts { builder.append(.string(text)) }
    let cast = try #require(ColumnCast(from: .string, to: type))
    let result = cast.apply(builder.finish())
    return Self.texts.indices.map { result.failed?[$0] == true ? nil : result.vector[$0] }
  }

  private func read(_ text: String, as type: DataType, json: JSONDialect?) throws -> [Value?] {
    let mapping = try InputMapping(
      dialect: CSVDialect(hasHeader: false), json: json,
      columns: [
        .init(name: "row", type: .int64, source: json == nil ? .position(1) : nil),
        .init(
          name: "value", type: type, isNullable: true, source: json == nil ? .position(2) : nil),
      ])
    let file = MemoryFile(path: "input", bytes: Array(text.utf8))
    let source = try FileSource(file: file, mapping: mapping, maxErrors: Self.texts.count)
    let reader = source.makeReader()
    var values = [Value?](repeating: nil, count: Self.texts.count)
    while let batch = try reader.nextBatch(maxRows: 64) {
      for row in 0..<batch.rowCount {
        guard case .integer(let number) = batch.columns[0][row] else { continue }
        values[Int(number)] = batch.columns[1][row]
      }
    }
    return values
  }

  @Test(arguments: types) func everyTextIsTheSameEverywhere(type: DataType) throws {
    let expected = try cast(to: type)
    let csv = Self.texts.enumerated().map { "\($0),\"\($1)\"\n" }.joined()
    let json = Self.texts.enumerated().map { "{\"row\": \($0), \"value\": \"\($1)\"}\n" }.joined()
    let fields = try read(csv, as: type, json: nil)
    let members = try read(json, as: type, json: JSONDialect())
    for (row, text) in Self.texts.enumerated() {
      #expect("\(fields[row] as Any)" == "\(expected[row] as Any)", "'\(text)' in CSV")
      #expect("\(members[row] as Any)" == "\(expected[row] as Any)", "'\(text)' in JSON")
    }
    #expect(expected.filter { $0 != nil }.count >= 8)
  }
}

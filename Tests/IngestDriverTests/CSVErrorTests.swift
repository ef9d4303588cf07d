import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import IngestDriver

struct CSVErrorTests {
  private func failure(_ text: String, _ types: [DataType]) throws -> String? {
    let mapping = try positionalMapping(types)
    let source = try FileSource(file: memoryFile(text), mapping: mapping)
    return message { _ = try allRows(source.makeReader()) }
  }

  @Test func errorsSayWhereWhatAndWhy() throws {
    let cases: [(String, [DataType], String)] = [
      ("1\n\"2\"\nx\n", [.int64], "input.csv line 3, column c1 \"x\": not a int64"),
      ("300\n", [.int8], "line 1, column c1 \"300\": outside the range of int8"),
      ("\"a\nb\r\nc\",1\nd,x\n", [.string, .int64], "line 4, column c2 \"x\": not a int64"),
      ("a,1\n\nb,2,3\n", [.string, .int64], "line 3 (whole row): 2 fields expected, it has more"),
      ("a,1\nb\n", [.string, .int64], "line 2 (whole row): 2 fields expected, it has 1"),
      ("a,1\nb\"c,2\n", [.string, .int64], "line 2 \"b\"\": field 1 has a quote inside"),
      ("a,1\n\"b\"c,2\n", [.string, .int64], "line 2 \"b\": field 1 has text between"),
      ("a,1\n\"b,2\n", [.string, .int64], "line 2 \"b,2\n\": field 1 has a quote that is never"),
      ("a,1\nb,\n", [.string, .int64], "line 2, column c2 \"\": empty, but the column is not"),
      ("1.005\n", [.decimal(precision: 9, scale: 2)], "more digits after the point than decimal"),
      ("2026-02-30\n", [.date], "\"2026-02-30\": not a date"),
      (
        String(repeating: "7", count: 99) + "\n", [.int64],
        String(repeating: "7", count: 40) + "..."
      ),
    ]
    for (text, types, expected) in cases {
      let found = try failure(text, types)
      #expect(found?.contains(expected) == true, "\(found ?? "no error") lacks \(expected)")
    }
    let mapping = try positionalMapping([.string])
    let file = MemoryFile(path: "x", bytes: [0x61, 0xFF, 0x0A])
    let source = try FileSource(file: file, mapping: mapping)
    #expect(message { _ = try allRows(source.makeReader()) }?.contains("not UTF-8") == true)
  }

  @Test(arguments: 0..<30)
  func badRowsArePassedOverUpToTheLimit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var text = ""
    var good: [[Value]] = []
    var badLines: [Int] = []
    var line = 1
    for index in 0..<60 {
      switch Int.random(in: 0..<6, using: &generator) {
      // Quotes are balanced: one too many would join rows, which is another document.
      case 0: text += "x,\"a\n\nb\"\n"
      case 1: text += "1,a\"b\"\n"
      case 2: text += "\"2\n\"x,\"\n\"\n"
      case 3: text += "3\n"
      default:
        text += "\(index),\"p\nq\"\n"
        good.append([.integer(Int128(index)), .string("p\nq")])
        line += 2
        continue
      }
      badLines.append(line)
      line = text.utf8.count(where: { $0 == 0x0A }) + 1
    }
    try #require(!badLines.isEmpty)

    let mapping = try positionalMapping([.int64, .string])
    for chunkByteCount in [1, 7, 1 << 20] {
      let source = try FileSource(
        file: memoryFile(text), mapping: mapping, maxErrors: badLines.count,
        chunkByteCount: chunkByteCount)
      #expect(try allRows(source.makeReader(), maxRows: 7) == good)
      #expect(source.rejectedRows.map(\.line) == badLines)
    }
    let strict = try FileSource(
      file: memoryFile(text), mapping: mapping, maxErrors: badLines.count - 1)
    let last = try #require(badLines.last)
    let found = message { _ = try allRows(strict.makeReader()) }
    #expect(found?.contains("line \(last)") == true)
  }

  /// Whatever the bytes, reading ends with rows or with an error.
  @Test(arguments: 0..<20)
  func randomBytesNeverTrap(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let types: [DataType] = [
      .bool, .int8, .int64, .float, .double, .decimal(precision: 18, scale: 9),
      .decimal(precision: 38, scale: 38), .date, .datetime, .string,
    ]
    let alphabet = Array("0123456789+-.eE:TZ \",\n\r".utf8) + [0xFF]
    for _ in 0..<200 {
      let count = Int.random(in: 0...60, using: &generator)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      for type in types {
        let mapping = try positionalMapping([type], isNullable: true)
        let file = MemoryFile(path: "x", bytes: bytes)
        // The header row may be malformed already.
        guard
          let source = try? FileSource(
            file: file, mapping: mapping, maxErrors: 100, chunkByteCount: 5)
        else { continue }
        let rows = try? allRows(source.makeReader())
        #expect((rows?.count ?? 0) + source.rejectedRows.count <= count + 1)
      }
    }
  }
}

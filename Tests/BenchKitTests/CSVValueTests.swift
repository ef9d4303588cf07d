import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import BenchKit

struct CSVValueTests {
  /// What is written is what the reader of input files gets.
  @Test(arguments: 0..<20)
  func linesAreReadBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pieces = ["a", "é", "😀", ",", "\"", "\n", "\r", "\r\n", ";", " ", "\\", "'"]
    let rows = (0..<50).map { _ in
      (0..<4).map { _ in
        (0..<Int.random(in: 0...4, using: &generator))
          .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      }
    }
    let text = rows.map { csvLine($0) + csvLineEnd }.joined()
    let mapping = try InputMapping(
      dialect: CSVDialect(hasHeader: false),
      columns: (1...4).map { .init(name: "c\($0)", type: .string, source: .position($0)) })
    let source = try FileSource(
      file: MemoryFile(path: "rows.csv", bytes: Array(text.utf8)), mapping: mapping)
    let batch = try #require(try source.makeReader().nextBatch(maxRows: 1000))
    let found = (0..<batch.rowCount).map { row in
      batch.columns.map { column in String(decoding: column.bytes(at: row), as: UTF8.self) }
    }
    #expect(found.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
  }

  @Test func numbersAreShortAndClose() {
    let cases: [(Double, String?)] = [
      (0, "0"), (-0.0, "0"), (12, "12"), (0.1 + 0.2, "0.3"), (1.0 / 3, "0.333333333"),
      (-2.5, "-2.5"), (123_456_789_012, "123456789012"), (.nan, nil), (.infinity, nil),
    ]
    for (value, text) in cases { #expect(value.csvText == text) }
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      let read = Double(value.csvText ?? "") ?? .nan
      #expect(abs(read - value) <= value.magnitude * 1e-8, "\(value)")
    }
  }
}

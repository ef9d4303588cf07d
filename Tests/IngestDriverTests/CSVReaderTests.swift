import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import IngestDriver

struct CSVReaderTests {
  @Test(arguments: 0..<40)
  func agreesWithTheOracleWhateverTheChunks(seed: UInt64) throws {
    var documents = DocumentGenerator(generator: SeededGenerator(seed: seed))
    let columnCount = Int(seed % 4) + 1
    let (text, rows) = documents.document(rowCount: 12, columnCount: columnCount)
    #expect(oracleRows(text) == rows)

    let expected = rows.map { $0.map(Value.string) }
    let mapping = try positionalMapping([DataType](repeating: .string, count: columnCount))
    let file = memoryFile(text)
    for chunkByteCount in Array(1...24) + [64, 1 << 20] {
      let files: [any ReadableFile] = [file, UnmappedFile(file)]
      for file in files {
        let source = try FileSource(file: file, mapping: mapping, chunkByteCount: chunkByteCount)
        #expect(try allRows(source.makeReader(), maxRows: 5) == expected)
      }
    }
  }

  @Test func batchesHaveTheirRowsWhateverTheChunks() throws {
    let text = (0..<100).map { "\($0)\n" }.joined()
    let mapping = try positionalMapping([.int32])
    let source = try FileSource(file: memoryFile(text), mapping: mapping, chunkByteCount: 17)
    let reader = source.makeReader()
    var counts: [Int] = []
    while let batch = try reader.nextBatch(maxRows: 30) { counts.append(batch.rowCount) }
    #expect(counts == [30, 30, 30, 10])
  }

  @Test func readersShareAFile() async throws {
    let text = "id\n" + (0..<20_000).map { "\($0)\n" }.joined()
    let mapping = try InputMapping(columns: [.init(name: "id", type: .int32)])
    let source = try FileSource(file: memoryFile(text), mapping: mapping, chunkByteCount: 100)
    let shares = try await withThrowingTaskGroup(of: [Int32].self) { group in
      for _ in 0..<4 {
        group.addTask {
          let reader = source.makeReader()
          var share: [Int32] = []
          while let batch = try reader.nextBatch(maxRows: 64) {
            share += batch.columns[0].values(as: Int32.self)
          }
          return share
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(shares.flatMap { $0 }.sorted() == Array(0..<20_000))
  }

  @Test func columnsAreFoundByHeaderAndOrderedBySortKey() throws {
    let mapping = try InputMapping(
      columns: [
        .init(name: "b", type: .string), .init(name: "a", type: .int64, source: .header("A")),
      ], sortKey: ["a"])
    let source = try FileSource(
      file: memoryFile("\u{FEFF}unused,b,A\r\nx,one,1\r\n\r\ny,two,2"), mapping: mapping)
    #expect(source.schema.columns.map(\.name) == ["a", "b"])
    #expect(
      try allRows(source.makeReader()) == [
        [.integer(1), .string("one")], [.integer(2), .string("two")],
      ])
    let misspelt = try InputMapping(columns: [.init(name: "unusd", type: .string)])
    let text = message { _ = try FileSource(file: memoryFile("unused,b\n"), mapping: misspelt) }
    #expect(text?.contains("did you mean unused?") == true)
  }

  @Test func readsBarsWithATrailingDelimiterAndPlainQuotes() throws {
    let dialect = CSVDialect(
      delimiter: UInt8(ascii: "|"), quote: nil, hasHeader: false, hasTrailingDelimiter: true)
    let mapping = try positionalMapping([.int64, .string], dialect: dialect)
    let source = try FileSource(file: memoryFile("1|5\" nail|\n2||\n"), mapping: mapping)
    #expect(
      try allRows(source.makeReader()) == [
        [.integer(1), .string("5\" nail")], [.integer(2), .string("")],
      ])
    let short = try FileSource(file: memoryFile("1|a|\n2|b\n"), mapping: mapping)
    #expect(
      message { _ = try allRows(short.makeReader()) }?.contains(
        "line 2 (whole row): the delimiter at its end is missing") == true)
  }

  @Test func anUnquotedNullTokenIsNull() throws {
    var mapping = try positionalMapping([.string, .int64], isNullable: true)
    let plain = try FileSource(file: memoryFile("a,1\n,\n\"\",2\n"), mapping: mapping)
    #expect(
      try allRows(plain.makeReader()) == [
        [.string("a"), .integer(1)], [.null, .null], [.string(""), .integer(2)],
      ])
    mapping.dialect.nullToken = "\\N"
    let token = try FileSource(file: memoryFile("\\N,\\N\n\"\\N\",2\n,3\n"), mapping: mapping)
    #expect(
      try allRows(token.makeReader()) == [
        [.null, .null], [.string("\\N"), .integer(2)], [.string(""), .integer(3)],
      ])
    let empty = try FileSource(file: memoryFile("a,\n"), mapping: mapping)
    #expect(message { _ = try allRows(empty.makeReader()) } != nil)
  }

  @Test(arguments: ["", "id\n", "id"])
  func aFileWithoutRowsHasNone(text: String) throws {
    let hasHeader = !text.isEmpty
    let mapping = try InputMapping(
      dialect: CSVDialect(hasHeader: hasHeader),
      columns: [
        .init(name: "id", type: .int64, source: hasHeader ? .header("id") : .position(1))
      ])
    let source = try FileSource(file: memoryFile(text), mapping: mapping)
    #expect(try source.makeReader().nextBatch(maxRows: 1) == nil)
  }
}

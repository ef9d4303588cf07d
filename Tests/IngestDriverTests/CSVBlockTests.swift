import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import IngestDriver

/// Reading by blocks gives the rows and the errors of reading row by row. A chunk of one row has no
/// room for a block, so `chunkByteCount: 1` is the reference.
@Suite struct CSVBlockTests {
  /// How a document may differ from the plain form, each as a chance per row of 1000.
  struct Mess {
    var quoted = 0
    var doubledQuote = 0
    var newlineInQuotes = 0
    var carriageReturn = 0
    var null = 0
    var emptyLine = 0
    var badValue = 0
    var badRow = 0
    var foreign = 0
  }

  private static let types: [DataType] = [
    .int64, .int8, .decimal(precision: 15, scale: 2), .string, .date, .datetime, .bool, .int16,
    .double, .decimal(precision: 30, scale: 3), .int32, .string,
  ]

  private struct Writer {
    var random: SeededGenerator
    let mess: Mess
    let dialect: CSVDialect

    mutating func happens(_ chance: Int) -> Bool {
      chance > 0 && Int.random(in: 0..<1000, using: &random) < chance
    }

    mutating func text(rowCount: Int, columnCount: Int) -> [UInt8] {
      var text: [UInt8] = []
      for row in 0..<rowCount {
        if happens(mess.emptyLine) { text += Array("\n".utf8) }
        var fields = (0..<columnCount).map { field(CSVBlockTests.types[$0]) }
        if happens(mess.badRow) {
          switch Int.random(in: 0..<5, using: &random) {
          case 0: fields.removeLast()
          case 1: fields.append(Array("1".utf8))
          case 2: fields[0] = Array("a\"b\"".utf8)
          case 3: fields[columnCount - 1] = Array("\"a\"b\"\"".utf8)
          default: fields[columnCount / 2] = [0x61, 0xFF, 0xC3]
          }
        }
        text += Array(fields.joined(separator: [dialect.delimiter]))
        if dialect.hasTrailingDelimiter, !happens(mess.badRow / 2) {
          text.append(dialect.delimiter)
        }
        if row + 1 == rowCount, Bool.random(using: &random) { break }
        text += Array((happens(mess.carriageReturn) ? "\r\n" : "\n").utf8)
      }
      return text
    }

    mutating func field(_ type: DataType) -> [UInt8] {
      if happens(mess.null) { return type == .string && happens(100) ? Array("\"\"".utf8) : [] }
      if happens(mess.badValue) { return Array("1x".utf8) }
      let value = plain(type)
      guard dialect.quote != nil else { return value }
      if type == .string, happens(mess.doubledQuote) { return Array("\"a\"\"b\"\"\"".utf8) }
      if type == .string, happens(mess.newlineInQuotes) { return Array("\"x\ny,\r\nz\"".utf8) }
      return happens(mess.quoted) ? Array("\"".utf8) + value + Array("\"".utf8) : value
    }

    mutating func plain(_ type: DataType) -> [UInt8] {
      switch type {
      case .string:
        let pieces = happens(mess.foreign) ? ["é", "漢字", "a"] : ["ab", "c", "\\N", " ", "", "'"]
        let count = happens(20) ? 90 : Int.random(in: 0...9, using: &random)
        return Array((0..<count).map { _ in pieces.randomElement(using: &random)! }.joined().utf8)
      case .double: return Array("\(Double(Int64(truncatingIfNeeded: random.next())) / 1024)".utf8)
      case .bool: return Array(["true", "f", "1", "0"].randomElement(using: &random)!.utf8)
      default: break
      }
      guard let range = type.integerRange else { return [] }
      let bits = Int.random(in: 1...126, using: &random)
      var number = Int128(random.next()) << 60 ^ Int128(random.next())
      number = number >> Int128(126 - bits)
      let day = Int128(86_400_000_000)
      let bounded =
        type == .date
        ? number % 40_000 : type == .datetime ? number % (40_000 * day) : number
      let value = min(max(bounded, range.lowerBound), range.upperBound)
      return Array(type.format(.integer(value)).utf8)
    }
  }

  private static let messes: [Mess] = [
    Mess(), Mess(carriageReturn: 1000), Mess(quoted: 300), Mess(null: 200, foreign: 300),
    Mess(quoted: 100, newlineInQuotes: 20, carriageReturn: 500, null: 50),
    Mess(quoted: 10, doubledQuote: 2, emptyLine: 2), Mess(badValue: 1), Mess(badRow: 3),
    Mess(
      quoted: 50, doubledQuote: 1, newlineInQuotes: 1, carriageReturn: 10, null: 30, emptyLine: 1,
      badValue: 1, badRow: 2, foreign: 20),
  ]

  private struct Outcome: Equatable {
    var rows: [[Value]] = []
    var problems: [RowProblem] = []
    var error: String?
  }

  private func outcome(
    _ file: any ReadableFile, _ mapping: InputMapping, maxErrors: Int, chunkByteCount: Int,
    maxRows: Int
  ) throws -> Outcome {
    let source = try FileSource(
      file: file, mapping: mapping, maxErrors: maxErrors, chunkByteCount: chunkByteCount)
    var outcome = Outcome()
    outcome.error = message { outcome.rows = try allRows(source.makeReader(), maxRows: maxRows) }
    outcome.problems = source.rejectedRows
    return outcome
  }

  @Test(arguments: 0..<messes.count, 0..<6)
  func agreesWithReadingRowByRow(messIndex: Int, seed: UInt64) throws {
    let isBars = seed % 3 == 2
    var dialect = CSVDialect(hasHeader: false)
    if isBars {
      dialect = CSVDialect(
        delimiter: UInt8(ascii: "|"), quote: nil, hasHeader: false, hasTrailingDelimiter: true)
    }
    if seed % 2 == 1 { dialect.nullToken = "\\N" }
    var writer = Writer(
      random: SeededGenerator(seed: seed * 100 + UInt64(messIndex)), mess: Self.messes[messIndex],
      dialect: dialect)
    let columnCount = [Self.types.count, 1, 4][Int(seed % 3)]
    let bytes = writer.text(rowCount: 500, columnCount: columnCount)
    let mapping = try positionalMapping(
      Array(Self.types[..<columnCount]), isNullable: seed != 4, dialect: dialect)
    let file = MemoryFile(path: "input.csv", bytes: bytes)

    let problemCount = try outcome(
      file, mapping, maxErrors: .max, chunkByteCount: 1, maxRows: 100
    ).problems.count
    for maxErrors in Set([.max, max(0, problemCount - 1), 0]) {
      let expected = try outcome(
        file, mapping, maxErrors: maxErrors, chunkByteCount: 1, maxRows: 10_000)
      for chunkByteCount in [40, 1000, 5000, 1 << 20] {
        for maxRows in [1, 37, 10_000] where expected.error == nil || maxRows == 10_000 {
          let found = try outcome(
            file, mapping, maxErrors: maxErrors, chunkByteCount: chunkByteCount, maxRows: maxRows)
          #expect(found == expected, "chunks of \(chunkByteCount), \(maxRows) rows")
        }
      }
      let unmapped = try outcome(
        UnmappedFile(file), mapping, maxErrors: maxErrors, chunkByteCount: 3000, maxRows: 10_000)
      #expect(unmapped == expected)
    }
  }

  /// Otherwise the tests above would compare a way with itself.
  @Test(arguments: 0..<5) func plainDocumentsAreReadByBlocks(messIndex: Int) throws {
    let dialect = CSVDialect(hasHeader: false)
    var writer = Writer(
      random: SeededGenerator(seed: 9), mess: Self.messes[messIndex], dialect: dialect)
    let bytes = writer.text(rowCount: 2000, columnCount: Self.types.count)
    let mapping = try positionalMapping(Self.types, isNullable: true, dialect: dialect)
    let layout = try CSVLayout(mapping, fields: [], path: "x")
    let builders = mapping.columns.map { ColumnBuilder(type: $0.type) }
    let block = CSVBlock(layout, nullToken: [])
    let outcome = bytes.withUnsafeBytes { block.read($0, maxRows: 50, into: builders) }
    guard case .rows(let count, let byteCount, let lineCount) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(count == 50 && builders.allSatisfy { $0.count == 50 })
    #expect(bytes[byteCount - 1] == 0x0A && bytes[..<byteCount].count { $0 == 0x0A } == lineCount)
  }

  @Test func aFieldTooLongIsReportedFromABlock() throws {
    let long = String(repeating: "x", count: Limits.stringByteCountMax + 1)
    let text = (0..<50).map { "\($0),a\n" }.joined() + "50,\(long)\n" + "51,b\n"
    let mapping = try positionalMapping([.int64, .string])
    let source = try FileSource(file: memoryFile(text), mapping: mapping)
    #expect(
      message { _ = try allRows(source.makeReader()) }?.contains("line 51, column c2") == true)
  }
}

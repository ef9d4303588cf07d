import ScanKernels
import StorageBase
import Testing

@testable import SegmentFormat

/// Strings as codes of symbols: whatever the text, it comes back; whatever the codes, the decoder
/// does what the plain one here does.
@Suite struct SymbolTests {
  /// Decodes one code after the other; nil for an escape without a byte.
  private func plainDecode(_ codes: [UInt8], _ table: SymbolTable) -> [UInt8]? {
    var text: [UInt8] = []
    var index = 0
    while index < codes.count {
      let code = Int(codes[index])
      index += 1
      if code == 255 {
        guard index < codes.count else { return nil }
        text.append(codes[index])
        index += 1
      } else if code < table.symbols.count {
        let symbol = table.symbols[code]
        text += (0..<symbol.length).map {
          UInt8(truncatingIfNeeded: symbol.bytes >> UInt64(8 * $0))
        }
      }
    }
    return text
  }

  /// The payload of a page with one string, as long as `byteCount` says.
  private func payload(_ codes: [UInt8], _ table: SymbolTable, byteCount: Int) -> ByteBuffer {
    let out = ByteBuffer()
    StringBlock.appendLengths([UInt32(byteCount)], count: 1, to: out)
    table.append(to: out)
    out.appendVarint(codes.count)
    codes.withUnsafeBytes { out.append($0) }
    return out
  }

  private func read(_ payload: ByteBuffer, count: Int = 1) throws -> StringTable {
    var reader = ByteReader(payload.bytes, file: "test")
    let table = try SymbolBlock.read(&reader, count: count)
    try reader.requireEnd("payload")
    return table
  }

  private func texts() -> [[UInt8]] {
    var generator = SeededGenerator(seed: 51)
    var texts = [[], [0], [255], Array(repeating: 7, count: 5000)] as [[UInt8]]
    texts.append(Array(proseSamples(count: 300, &generator).joined().utf8))
    // Few different bytes, zero and 255 among them; all bytes; nothing to find.
    for (alphabet, count) in [([0, 255, 97] as [UInt8], 3000), ((0...255).map { $0 }, 4000)] {
      texts.append(
        (0..<count).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] })
    }
    for count in 1..<40 {
      texts.append((0..<count).map { _ in UInt8(generator.next() % 3) })
    }
    return texts
  }

  @Test func textsComeBackThroughTheirOwnAndOtherTables() throws {
    let texts = texts()
    let matcher = SymbolMatcher()
    let trainer = SymbolTrainer()
    for sample in [texts[4], texts[5], texts[6], []] {
      sample.withUnsafeBytes { trainer.train(matcher, on: $0) }
      for text in texts {
        let out = ByteBuffer()
        text.withUnsafeBytes { matcher.encode($0, to: out) }
        let codes = Array(out.bytes)
        #expect(plainDecode(codes, matcher.table) == text)
        let table = try read(payload(codes, matcher.table, byteCount: text.count))
        #expect(table[0].elementsEqual(text))
      }
    }
  }

  @Test func symbolsShrinkProse() {
    var generator = SeededGenerator(seed: 52)
    let text = Array(proseSamples(count: 1000, &generator).joined().utf8)
    let matcher = SymbolMatcher()
    text.withUnsafeBytes { SymbolTrainer().train(matcher, on: $0) }
    let out = ByteBuffer()
    text.withUnsafeBytes { matcher.encode($0, to: out) }
    #expect(out.count * 3 < text.count)
    let again = SymbolMatcher()
    text.withUnsafeBytes { SymbolTrainer().train(again, on: $0) }
    #expect(again.table.symbols == matcher.table.symbols)
  }

  @Test func anyCodesDecodeAsThePlainDecoderSays() throws {
    var generator = SeededGenerator(seed: 53)
    for _ in 0..<3000 {
      let symbols = Set(
        (0..<generator.next() % 256).map { _ in
          let length = 1 + Int(generator.next() % 8)
          let mask = SymbolTable.Symbol.mask(length: length)
          return SymbolTable.Symbol(bytes: generator.next() & mask, length: length)
        })
      let table = SymbolTable(Array(symbols.prefix(255)))
      let codes = (0..<generator.next() % 60).map { _ in
        generator.next() % 9 == 0 ? 255 : UInt8(truncatingIfNeeded: generator.next())
      }
      let expected = plainDecode(codes, table)
      let claimed = (expected?.count ?? 5) + (generator.next() % 4 == 0 ? 1 : 0)
      let payload = payload(codes, table, byteCount: claimed)
      if let expected, claimed == expected.count {
        let strings = try read(payload)
        #expect(strings[0].elementsEqual(expected))
        let end = strings.bytes.bytes.baseAddress! + claimed
        #expect(end.loadUnaligned(as: UInt64.self) == 0, "padding is zero")
      } else {
        #expect(throws: StorageError.self) { try read(payload) }
      }
    }
  }

  @Test func hostilePayloadsAreSurvived() throws {
    var generator = SeededGenerator(seed: 54)
    let strings = proseSamples(count: 60, &generator)
    let text = Array(strings.joined().utf8)
    let matcher = SymbolMatcher()
    text.withUnsafeBytes { SymbolTrainer().train(matcher, on: $0) }
    let codes = ByteBuffer()
    text.withUnsafeBytes { matcher.encode($0, to: codes) }
    let whole = ByteBuffer()
    StringBlock.appendLengths(strings.map { UInt32($0.utf8.count) }, count: 60, to: whole)
    matcher.table.append(to: whole)
    whole.appendVarint(codes.count)
    whole.append(codes.bytes)
    #expect(try read(whole, count: 60).string(at: 59) == strings[59])
    var refused = 0
    for _ in 0..<6000 {
      var bytes = Array(whole.bytes)
      for _ in 0...generator.next() % 3 {
        bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
          truncatingIfNeeded: generator.next())
      }
      if generator.next() % 4 == 0 { bytes.removeLast(Int(generator.next() % 30)) }
      let damaged = ByteBuffer()
      bytes.withUnsafeBytes { damaged.append($0) }
      do {
        let table = try read(damaged, count: 60)
        for row in 0..<60 { _ = table[row].count }
      } catch {
        #expect(error is StorageError)
        refused += 1
      }
    }
    #expect(refused > 1000)
  }

  @Test func theWriterUsesSymbolsWhereTheyPay() throws {
    var generator = SeededGenerator(seed: 55)
    let strings = proseSamples(count: 5000, &generator)
    let values = strings.enumerated().map { $0.offset % 9 == 0 ? Value.null : .string($0.element) }
    let schema = try Schema([("c", .string, true)], sortKeyCount: 1)
    let batch = ColumnBatch(schema: schema, rowCount: 5000, columns: [vector(.string, values)])
    var sizes: [Compression: Int] = [:]
    for compression in [Compression.none, .lz4, .zstd(level: 3)] {
      let (bytes, _) = try SegmentWriter.encode(
        batch, options: SegmentOptions(rowsPerPage: 2000, compression: compression))
      sizes[compression] = bytes.count
      let reader = try openSegment(bytes)
      #expect(reader.verify() == [])
      #expect(try isSame(readColumn(reader, 0), values))
      let encodings = try reader.describe().columns[0].pages.map(\.encoding)
      // The last page is too short to train for.
      if compression == .lz4 { #expect(encodings == [.symbols, .symbols, .plain]) }
      if compression == .none { #expect(encodings == [.plain, .plain, .plain]) }
      let features = bytes[bytes.count - 16]
      #expect((features & 16 != 0) == encodings.contains(.symbols))
    }
    #expect(sizes[.lz4]! * 2 < sizes[.none]!)
  }

  /// A table serves while it fits; when other strings come it is replaced.
  @Test func aTableIsReplacedWhenOtherStringsCome() throws {
    var generator = SeededGenerator(seed: 56)
    let digits = (0..<6000).map { _ in
      "\(generator.next() % 1_000_000) \(generator.next() % 1_000_000_000)"
    }
    let strings = proseSamples(count: 6000, &generator) + digits
    let schema = try Schema([("c", .string, false)], sortKeyCount: 1)
    let batch = ColumnBatch(
      schema: schema, rowCount: strings.count,
      columns: [vector(.string, strings.map { .string($0) })])
    let reader = try openSegment(
      try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 6000 / 2)).bytes)
    #expect(reader.verify() == [])
    #expect(try isSame(readColumn(reader, 0), strings.map { .string($0) }))
  }
}

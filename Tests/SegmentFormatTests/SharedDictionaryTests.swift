import ScanKernels
import StorageBase
import Testing

@testable import SegmentFormat

/// Dictionaries that the pages of a column share, and rows that come as codes.
@Suite struct SharedDictionaryTests {
  private let schema = try! Schema([("c", .string, true)], sortKeyCount: 1)

  private func batch(_ vector: ColumnVector) -> ColumnBatch {
    ColumnBatch(schema: schema, rowCount: vector.count, columns: [vector])
  }

  private func names(_ count: Int, _ distinct: Int, _ generator: inout SeededGenerator) -> [Value] {
    (0..<count).map { _ in .string("name \(generator.next() % UInt64(distinct))") }
  }

  private func encodings(_ reader: SegmentReader) throws -> [PageEncoding] {
    try reader.describe().columns[0].pages.map(\.encoding)
  }

  /// The rows as codes into a dictionary in random order with some strings that no row has.
  private func coded(_ values: [Value], _ generator: inout SeededGenerator) -> ColumnVector {
    var strings = Set(
      values.map { value -> String in
        if case .string(let text) = value { text } else { "" }
      })
    for _ in 0..<generator.next() % 5 { strings.insert("unused \(generator.next() % 100)") }
    let entries = strings.sorted().shuffled(using: &generator)
    let places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1, UInt32($0)) })
    let nulls = Bitmap(count: values.count)
    let codes = values.enumerated().map { row, value -> UInt32 in
      guard case .string(let text) = value else {
        nulls.set(row)
        return places["", default: 0]
      }
      return places[text, default: 0]
    }
    return ColumnVector(
      type: .string, count: values.count,
      body: .coded(codes: .of(codes), dictionary: StringTable(entries)),
      nulls: nulls.setCount > 0 ? nulls : nil)
  }

  @Test func pagesOfFewStringsShareOneDictionary() throws {
    var generator = SeededGenerator(seed: 61)
    let values = names(2050, 50, &generator)
    let bytes = try SegmentWriter.encode(
      batch(vector(.string, values)), options: SegmentOptions(rowsPerPage: 500)
    ).bytes
    let reader = try openSegment(bytes)
    #expect(try encodings(reader) == Array(repeating: .sharedDictionary, count: 5))
    #expect(bytes[bytes.count - 16] & 32 != 0, "the feature bit")
    #expect(reader.verify() == [])
    #expect(try isSame(readColumn(reader, 0), values))
    var work = PageWork()
    let dictionaries = try (0..<5).map { page -> AlignedBuffer in
      let page = try reader.readPage(column: 0, page: page, work: &work)
      guard case .coded(_, let dictionary) = page.body else { throw MissingDictionary() }
      #expect(dictionary.count == 50)
      return dictionary.bytes
    }
    #expect(dictionaries.allSatisfy { $0 === dictionaries[0] })
  }

  private struct MissingDictionary: Error {}

  @Test func theFirstPagesDecide() throws {
    var generator = SeededGenerator(seed: 62)
    let options = SegmentOptions(rowsPerPage: 400)
    // More strings than a page has rows, but few enough for the segment.
    let many = names(4000, 600, &generator)
    let shared = try openSegment(
      try SegmentWriter.encode(batch(vector(.string, many)), options: options).bytes)
    #expect(try encodings(shared) == Array(repeating: .sharedDictionary, count: 10))
    // Strings that do not come back, as in a sorted column.
    let sorted = (0..<4000).map { Value.string("name \(100_000 + $0 / 5)") }
    let own = try openSegment(
      try SegmentWriter.encode(batch(vector(.string, sorted)), options: options).bytes)
    #expect(try encodings(own).dropFirst().allSatisfy { $0 == .dictionary })
    // A single page has nothing to share.
    let small = try openSegment(
      try SegmentWriter.encode(
        batch(vector(.string, Array(many.prefix(300)))), options: options
      ).bytes)
    #expect(try !encodings(small).contains(.sharedDictionary))
    for (reader, values) in [(shared, many), (own, sorted)] {
      #expect(reader.verify() == [])
      #expect(try isSame(readColumn(reader, 0), values))
    }
  }

  /// A dictionary that grows beyond its limit keeps the pages it has.
  @Test func aFullDictionaryIsClosed() throws {
    var generator = SeededGenerator(seed: 63)
    let long = String(repeating: "x", count: 2000)
    let values = (0..<4000).map { row -> Value in
      .string("\(long)\(row < 500 ? generator.next() % 40 : generator.next() % 2000)")
    }
    let reader = try openSegment(
      try SegmentWriter.encode(
        batch(vector(.string, values)), options: SegmentOptions(rowsPerPage: 250)
      ).bytes)
    let found = try encodings(reader)
    #expect(found.first == .sharedDictionary && found.last != .sharedDictionary)
    #expect(reader.verify() == [])
    #expect(try isSame(readColumn(reader, 0), values))
  }

  /// Codes or strings: the file is the same, byte for byte.
  @Test func codedRowsGiveTheSameFile() throws {
    var generator = SeededGenerator(seed: 64)
    for distinct in [1, 7, 300, 5000] {
      for nullable in [false, true] {
        var values = names(1500, distinct, &generator)
        if nullable {
          for row in values.indices where generator.next() % 3 == 0 { values[row] = .null }
          values[5] = .string("")
        }
        for rowsPerPage in [64, 512, 1500, 4000] {
          for compression in [Compression.none, .lz4] {
            let options = SegmentOptions(rowsPerPage: rowsPerPage, compression: compression)
            let plain = try SegmentWriter.encode(batch(vector(.string, values)), options: options)
            let coded = try SegmentWriter.encode(
              batch(coded(values, &generator)), options: options)
            #expect(plain.bytes == coded.bytes, "\(distinct) \(nullable) \(rowsPerPage)")
            #expect(plain.summary == coded.summary)
          }
        }
      }
    }
  }

  /// Chunks of any size, each with a dictionary of its own or none.
  @Test func mixedChunksComeBack() throws {
    var generator = SeededGenerator(seed: 65)
    for _ in 0..<20 {
      let sink = MemorySink()
      let options = SegmentOptions(rowsPerPage: 100 + Int(generator.next() % 200))
      let writer = try SegmentWriter(schema: schema, options: options, sink: sink)
      var all: [Value] = []
      while all.count < 1500 {
        var values = names(1 + Int(generator.next() % 300), 40, &generator)
        if generator.next() % 3 == 0 { values[0] = .null }
        let isCoded = generator.next() % 4 != 0
        try writer.append(isCoded ? coded(values, &generator) : vector(.string, values))
        all += values
      }
      try writer.finishColumn()
      _ = try writer.finish()
      let reader = try openSegment(sink.bytes)
      #expect(reader.verify() == [])
      #expect(try isSame(readColumn(reader, 0), all))
    }
  }

  @Test func longDictionariesAreStoredAsSymbols() throws {
    var generator = SeededGenerator(seed: 66)
    let entries = proseSamples(count: 2500, &generator)
    let values = (0..<20_000).map { _ in
      Value.string(entries[Int(generator.next() % UInt64(entries.count))])
    }
    var sizes: [Int] = []
    for compression in [Compression.none, .lz4] {
      let bytes = try SegmentWriter.encode(
        batch(vector(.string, values)), options: SegmentOptions(compression: compression)
      ).bytes
      sizes.append(bytes.count)
      let reader = try openSegment(bytes)
      #expect(try encodings(reader).allSatisfy { $0 == .sharedDictionary })
      #expect(reader.verify() == [])
      #expect(try isSame(readColumn(reader, 0), values))
    }
    #expect(sizes[1] * 3 < sizes[0] * 2)
  }

  @Test func aDamagedDictionaryIsToldFromTheRest() throws {
    var generator = SeededGenerator(seed: 67)
    let values = names(900, 30, &generator)
    let bytes = try SegmentWriter.encode(
      batch(vector(.string, values)), options: SegmentOptions(rowsPerPage: 300)
    ).bytes
    let block = try #require(try openSegment(bytes).extensions.dictionaries[0])
    for index in 0..<block.byteCount {
      var damaged = bytes
      damaged[Int(block.offset) + index] ^= 1 << UInt8(index % 8)
      let reader = try openSegment(damaged)
      #expect(!reader.verify().isEmpty)
      var work = PageWork()
      #expect(throws: StorageError.self) { try reader.readPage(column: 0, page: 1, work: &work) }
    }
  }

  /// Behind a right checksum: a table of as many strings as it says, or an error.
  @Test func hostileDictionariesAreSurvived() throws {
    var generator = SeededGenerator(seed: 68)
    let values = names(900, 30, &generator)
    let bytes = try SegmentWriter.encode(
      batch(vector(.string, values)), options: SegmentOptions(rowsPerPage: 300)
    ).bytes
    let block = try #require(try openSegment(bytes).extensions.dictionaries[0])
    let content = Array(bytes[Int(block.offset)..<Int(block.offset) + block.byteCount - 4])
    var refused = 0
    for _ in 0..<5000 {
      var damaged = content
      for _ in 0...generator.next() % 3 {
        damaged[Int(generator.next() % UInt64(damaged.count))] = UInt8(
          truncatingIfNeeded: generator.next())
      }
      do {
        let table = try damaged.withUnsafeBytes {
          try DictionaryBlock.read($0, file: "test", offset: 0)
        }
        for code in 0..<table.count { _ = table[code].count }
      } catch {
        #expect(error is StorageError)
        refused += 1
      }
    }
    #expect(refused > 500)
  }

  @Test func aSharedPageNeedsADictionary() throws {
    var generator = SeededGenerator(seed: 69)
    let values = names(900, 30, &generator)
    let options = SegmentOptions(rowsPerPage: 300)
    let shared = try openSegment(
      try SegmentWriter.encode(batch(vector(.string, values)), options: options).bytes)
    let sorted = (0..<900).map { Value.string("\(100_000 + $0)") }
    let plain = try openSegment(
      try SegmentWriter.encode(batch(vector(.string, sorted)), options: options).bytes)
    let location = try shared.location(column: 0, page: 1)
    try shared.withBytes(at: location.offset, count: location.byteCount) { page, _ in
      _ = #expect(throws: StorageError.self) {
        try plain.decodePage(page, offset: 0, column: 0, rowCount: 300)
      }
    }
  }

  @Test func builtDictionariesNumberStringsInOrder() {
    var generator = SeededGenerator(seed: 70)
    let builder = DictionaryBuilder()
    for _ in 0..<3 {
      var oracle: [[UInt8]: UInt32] = [:]
      var order: [[UInt8]] = []
      for _ in 0..<3000 {
        let string = (0..<generator.next() % 24).map { _ in UInt8(generator.next() % 2) }
        let known = string.withUnsafeBytes { builder.code(of: $0) }
        #expect(known == oracle[string])
        let code = string.withUnsafeBytes { builder.add($0) }
        if let expected = oracle[string] {
          #expect(code == expected)
        } else {
          #expect(Int(code) == order.count)
          oracle[string] = code
          order.append(string)
        }
      }
      let table = builder.table()
      #expect(table.count == order.count && builder.byteCount == order.map(\.count).reduce(0, +))
      for (code, string) in order.enumerated() { #expect(table[code].elementsEqual(string)) }
      let other = DictionaryBuilder()
      for string in order.reversed() { _ = string.withUnsafeBytes { other.add($0) } }
      let buffer = builder.add(contentsOf: other.table())
      let mapped = withExtendedLifetime(buffer) { Array(buffer.values(as: UInt32.self)) }
      #expect(mapped.elementsEqual((0..<UInt32(order.count)).reversed()))
      builder.removeAll()
    }
  }
}

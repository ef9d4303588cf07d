import CKernels
import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Filters and the short-key index never hide a row that is there, and hide most that are not.
@Suite struct PruningTests {
  private func segment(
    _ columns: [(type: DataType, values: [Value])], sortKeyCount: Int = 1,
    _ options: SegmentOptions
  ) throws -> SegmentReader {
    let schema = try Schema(
      columns.enumerated().map { ("c\($0.offset)", $0.element.type, true) },
      sortKeyCount: sortKeyCount)
    let batch = ColumnBatch(
      schema: schema, rowCount: columns[0].values.count,
      columns: columns.map { vector($0.type, $0.values) })
    return try openSegment(try SegmentWriter.encode(batch, options: options).bytes)
  }

  @Test(arguments: allTypes)
  func filtersHideNoValue(type: DataType) throws {
    var generator = SeededGenerator(seed: 41)
    for shape in [Shape.lowCardinality, .random, .extremes, .prices] {
      let values = sampleValues(type, shape, count: 300, nullable: true, &generator)
      let filter = ColumnFilter(column: ColumnID(rawValue: 1))
      let reader = try segment(
        [(type, values)], SegmentOptions(rowsPerPage: 128, filters: [filter]))
      #expect(reader.verify() == [])
      for value in values { #expect(try reader.mayContain(column: 0, value: value)) }
    }
  }

  @Test(arguments: [0.001, 0.01, 0.1])
  func falsePositivesAreAsRareAsAskedFor(rate: Double) throws {
    var hashes = DistinctHashes()
    var generator = SeededGenerator(seed: 42)
    for _ in 0..<20_000 { hashes.insert(generator.next()) }
    #expect(hashes.count == 20_000)
    let filter = SplitBlockFilter(hashes, falsePositiveRate: rate)
    let found = (0..<100_000).count { _ in filter.mayContain(generator.next()) }
    #expect(Double(found) < 1.2 * rate * 100_000 + 20)
    #expect(Double(found) > 0.8 * rate * 100_000 - 20)
  }

  @Test func absentValuesAreHidden() throws {
    let values = (0..<2000).map { Value.integer(Int128($0 * 2)) }
    let texts = (0..<2000).map { Value.string("order \($0) of many") }
    let filters = [
      ColumnFilter(column: ColumnID(rawValue: 1), falsePositiveRate: 0.001),
      ColumnFilter(column: ColumnID(rawValue: 2), content: .ngrams(size: 4)),
    ]
    let reader = try segment(
      [(.int64, values), (.string, texts)], SegmentOptions(filters: filters))
    let odd = try (0..<2000).count {
      try reader.mayContain(column: 0, value: .integer(Int128($0 * 2 + 1)))
    }
    #expect(odd < 20)
    #expect(try !reader.mayContain(column: 0, value: .null))
    #expect(try !reader.mayContain(column: 0, value: .integer(1 << 100)))
    for text in ["order 77 of", "many", "99", "", "r 1999 o"] {
      #expect(try reader.mayContain(column: 1, substring: text))
    }
    #expect(try !reader.mayContain(column: 1, substring: "quantity"))
  }

  /// The order of key bytes is that of the values.
  @Test(arguments: allTypes)
  func keyBytesOrderLikeValues(type: DataType) {
    var generator = SeededGenerator(seed: 43)
    let column = Column(id: ColumnID(rawValue: 1), name: "c", type: type, isNullable: true)
    let values = Shape.allCases.flatMap {
      sampleValues(type, $0, count: 30, nullable: true, &generator)
    }
    let keys = values.map { value -> [UInt8] in
      var bytes: [UInt8] = []
      SortKeyBytes.append(value, of: column, to: &bytes)
      return bytes
    }
    for a in values.indices {
      for b in values.indices {
        #expect(
          values[a].precedes(values[b]) == keys[a].lexicographicallyPrecedes(keys[b]))
      }
    }
  }

  /// Against a look at every row: no page with a match is left out, and few others are kept.
  @Test func keyRangesFindTheirPages() throws {
    var generator = SeededGenerator(seed: 44)
    let long = (0..<40).map { String(repeating: "long ", count: 9) + "\($0)" }
    for texts in [["a", "ab", "b"], long] {
      var keys = (0..<1000).map { _ in
        (texts[Int(generator.next() % UInt64(texts.count))], Int(generator.next() % 200) - 100)
      }
      keys.sort { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }
      let reader = try segment(
        [
          (.string, keys.map { .string($0.0) }), (.int32, keys.map { .integer(Int128($0.1)) }),
        ], sortKeyCount: 2, SegmentOptions(rowsPerPage: 32))
      #expect(reader.verify() == [])
      for _ in 0..<300 {
        let text = generator.next() % 4 == 0 ? "aa" : keys[Int(generator.next() % 1000)].0
        let number = Int(generator.next() % 220) - 110
        let isPair = generator.next() % 2 == 0
        let prefix: [Value] = isPair ? [.string(text), .integer(Int128(number))] : [.string(text)]
        let found = try reader.pageRange(forKeyPrefix: prefix)
        let matches = Set(
          keys.indices.filter { keys[$0].0 == text && (!isPair || keys[$0].1 == number) }
            .map { $0 / 32 })
        #expect(matches.allSatisfy { found.contains($0) })
        if texts.count == 3 { #expect(found.count <= matches.count + 2) }
      }
      #expect(try reader.pageRange(from: [], through: []) == 0..<reader.pageCount)
    }
  }

  @Test func unfitFiltersAreRefused() throws {
    let unfit = [
      ColumnFilter(column: ColumnID(rawValue: 9)),
      ColumnFilter(column: ColumnID(rawValue: 1), falsePositiveRate: 0),
      ColumnFilter(column: ColumnID(rawValue: 1), content: .ngrams(size: 3)),
    ]
    for filter in unfit {
      #expect(throws: StorageError.self) {
        try segment([(.int32, [.integer(1)])], SegmentOptions(filters: [filter]))
      }
    }
  }

  /// Changed bytes of footers and blocks, behind right checksums of the footer: no trap, and no
  /// damaged block is used.
  @Test func hostileBlocksAreRefused() throws {
    var generator = SeededGenerator(seed: 45)
    let texts = (0..<90).map { Value.string("text \($0)") }
    let filters = [
      ColumnFilter(column: ColumnID(rawValue: 1)),
      ColumnFilter(column: ColumnID(rawValue: 1), content: .ngrams(size: 3)),
    ]
    let schema = try Schema([("c0", .string, true)], sortKeyCount: 1)
    let batch = ColumnBatch(schema: schema, rowCount: 90, columns: [vector(.string, texts)])
    let bytes = try SegmentWriter.encode(
      batch, options: SegmentOptions(rowsPerPage: 40, filters: filters)
    ) { column, writer in
      try writer.appendInvertedIndex(ofColumn: column) { sink in
        try [UInt8](0..<100).withUnsafeBytes { try sink.append($0) }
      }
    }.bytes
    let blocks = try openSegment(bytes).extensions.blocks
    #expect(blocks.count == 4)
    let footerStart = Int(blocks.map { $0.offset + UInt64($0.byteCount) }.max() ?? 0)
    for index in 0..<1500 {
      var damaged = bytes
      let isFooter = index % 2 == 0
      let first = isFooter ? footerStart : Int(blocks.map(\.offset).min() ?? 0)
      let count = (isFooter ? bytes.count - 20 : footerStart) - first
      let place = first + Int(generator.next() % UInt64(count))
      damaged[place] ^= UInt8(truncatingIfNeeded: generator.next() | 1)
      if isFooter {
        let sum = damaged[footerStart..<bytes.count - 8].withUnsafeBytes { crc32c($0) }
        for byte in 0..<4 {
          damaged[bytes.count - 8 + byte] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(byte)))
        }
      }
      do {
        let reader = try openSegment(damaged)
        if !isFooter { #expect(!reader.verify().isEmpty) }
        _ = try reader.mayContain(column: 0, value: .string("text 1"))
        _ = try reader.mayContain(column: 0, substring: "absent")
        _ = try reader.pageRange(forKeyPrefix: [.string("text 5")])
        if let block = reader.invertedIndex(ofColumn: 0) {
          #expect(block.range.upperBound <= block.file.byteCount)
        }
      } catch {
        #expect(error is StorageError)
      }
    }
  }

  /// What is given as an index comes back, wherever it lies, and a change of it is found.
  @Test func indexesAreKept() throws {
    var generator = SeededGenerator(seed: 46)
    let (batch, _) = try sampleBatch(.random, rowCount: 200, nullable: true, &generator)
    let contents = batch.columns.indices.map { column in
      (0..<column * 37).map { UInt8(truncatingIfNeeded: $0 &* (column + 1)) }
    }
    let bytes = try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 64)) {
      column, writer in
      guard column % 2 == 1 else { return }
      try writer.appendInvertedIndex(ofColumn: column) { sink in
        for half in [contents[column].prefix(30), contents[column].dropFirst(30)] {
          try Array(half).withUnsafeBytes { try sink.append($0) }
        }
      }
    }.bytes
    let reader = try openSegment(bytes)
    #expect(reader.verify() == [] && reader.hasInvertedIndexes)
    for column in batch.columns.indices {
      guard let block = reader.invertedIndex(ofColumn: column) else {
        #expect(column % 2 == 0)
        continue
      }
      #expect(column % 2 == 1)
      let range = Int(block.range.lowerBound)..<Int(block.range.upperBound)
      #expect(Array(bytes[range]) == contents[column])
      for place in range.dropFirst(range.count / 2).prefix(3) {
        var damaged = bytes
        damaged[place] ^= 4
        #expect(try openSegment(damaged).verify().count == 1)
      }
    }
  }
}

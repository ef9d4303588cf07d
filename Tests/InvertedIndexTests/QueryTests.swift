import InvertedIndex
import ScanKernels
import StorageBase
import StorageIO
import Testing

/// Every query gives the rows that looking at each of them gives.
struct QueryTests {
  private func check(
    _ type: DataType, _ options: IndexOptions, rowCount: Int, queries: Int, seed: UInt64
  ) throws {
    var samples = IndexSamples(seed: seed)
    let rows = samples.rows(type, count: rowCount)
    let reader = try open(try samples.build(rows, type, options))
    let oracle = NaiveIndex(type: type, options: reader.options, rows: rows)
    #expect(reader.rowCount == rowCount)
    #expect(reader.nullCount == rows.count { $0.isNull })
    #expect(try reader.nullRows().rows == oracle.rows(matching: .isNull))
    var answered = 0
    for _ in 0..<queries {
      let query = samples.query(type)
      guard reader.canAnswer(query) else {
        #expect(throws: StorageError.self) { try reader.rows(matching: query) }
        continue
      }
      answered += 1
      var work = IndexWork()
      let found = try reader.rows(matching: query, work: &work).rows
      let expected = oracle.rows(matching: query)
      #expect(found == expected, "seed \(seed), \(options), \(query)")
      #expect(try reader.estimate(query, work: &work) >= expected.count, "\(query)")
    }
    #expect(answered > 0)
  }

  @Test(arguments: allStringOptions) func textsOfEveryOption(options: IndexOptions) throws {
    for seed in 0..<2 {
      try check(.string, options, rowCount: 40 + 90 * seed, queries: 50, seed: UInt64(seed))
    }
  }

  @Test(arguments: [
    DataType.bool, .int8, .int16, .int32, .int64, .float, .double,
    .decimal(precision: 9, scale: 2), .decimal(precision: 30, scale: 2), .date, .datetime,
  ]) func valuesOfEveryType(type: DataType) throws {
    for seed in 0..<2 {
      try check(type, IndexOptions(), rowCount: 150, queries: 80, seed: UInt64(seed))
    }
  }

  @Test func noRows() throws {
    try check(
      .string, IndexOptions(parser: .unicode), rowCount: 0, queries: 60, seed: 9)
    try check(.int64, IndexOptions(), rowCount: 0, queries: 60, seed: 9)
  }

  /// More terms than a block holds, and terms in more rows than a list of deltas has.
  @Test func manyTermsAndManyRows() throws {
    var samples = IndexSamples(seed: 4)
    let texts = (0..<3000).map { row in
      "common \(row % 2 == 0 ? "even" : "odd") row\(row) even common"
    }
    let options = IndexOptions(parser: .english)
    let reader = try open(try samples.build(texts.map { .string($0) }, .string, options))
    #expect(reader.termCount == 3003)
    let queries: [IndexQuery: [Int]] = [
      .matchAny("common"): Array(0..<3000),
      .matchAll("common odd row7"): [7],
      .matchPhrase("common even"): Array(stride(from: 0, to: 3000, by: 2)),
      .matchPhrase("even common"): Array(0..<3000),
      .matchPhrase("odd row7 even"): [7],
      .matchPhrasePrefix("row299"): [299] + Array(2990..<3000),
      .matchPhrasePrefix("even row299"): [] + Array(stride(from: 2990, to: 3000, by: 2)),
      .matchPhrase("row7 common"): [],
    ]
    for (query, rows) in queries {
      #expect(try reader.rows(matching: query).rows == rows.map { UInt32($0) }, "\(query)")
    }
    var work = IndexWork()
    for row in stride(from: 0, to: 3000, by: 37) {
      #expect(try reader.rows(matching: .matchAny("ROW\(row)")).rows == [UInt32(row)])
      #expect(try reader.estimate(.matchAny("row\(row)"), work: &work) == 1)
    }
  }

  @Test func rangesOverManyBlocks() throws {
    var samples = IndexSamples(seed: 5)
    let rows = (0..<5000).map { _ in Value.integer(Int128(samples.generator.next() % 100_000)) }
    let reader = try open(try samples.build(rows, .int64, IndexOptions()))
    let oracle = NaiveIndex(type: .int64, options: reader.options, rows: rows)
    for _ in 0..<20 {
      let bounds = (0..<2).map { _ in Int128(samples.generator.next() % 100_000) }.sorted()
      let query = IndexQuery.range(
        lower: .init(.integer(bounds[0]), isInclusive: samples.chance(2)),
        upper: .init(.integer(bounds[1]), isInclusive: samples.chance(2)))
      let expected = oracle.rows(matching: query)
      #expect(try reader.rows(matching: query).rows == expected)
      var work = IndexWork()
      #expect(try reader.estimate(query, work: &work) == expected.count)
      #expect(work.dictionaryBlocks <= 2 && work.postings == 0)
    }
  }

  @Test(arguments: [true, false]) func anIndexInsideAFile(isMapped: Bool) throws {
    var samples = IndexSamples(seed: 6)
    let rows = samples.rows(.string, count: 200)
    let options = IndexOptions(parser: .unicode)
    let index = try samples.build(rows, .string, options)
    let files = MemoryFileSystem()
    let file = try files.create("f", cause: .flush)
    try file.append([UInt8](repeating: 7, count: 1000) + index + [1, 2, 3])
    let opened = try files.openForReading("f", cause: .query)
    let reader = try InvertedIndexReader(
      isMapped ? opened : UnmappedFile(opened), range: 1000..<1000 + UInt64(index.count))
    let oracle = NaiveIndex(type: .string, options: options, rows: rows)
    for _ in 0..<50 {
      let query = samples.query(.string)
      guard reader.canAnswer(query) else { continue }
      #expect(try reader.rows(matching: query).rows == oracle.rows(matching: query), "\(query)")
    }
  }

  @Test func workIsCounted() throws {
    var samples = IndexSamples(seed: 7)
    let texts = (0..<2000).map { Value.string("alpha beta w\($0)") }
    let reader = try open(try samples.build(texts, .string, IndexOptions(parser: .english)))
    func work(_ query: IndexQuery) throws -> [Int] {
      var work = IndexWork()
      _ = try reader.rows(matching: query, work: &work)
      return [work.dictionaryBlocks, work.postings, work.positions]
    }
    #expect(try work(.matchAny("w77")) == [1, 1, 0])
    #expect(try work(.matchAny("missing")) == [1, 0, 0])
    #expect(try work(.matchAll("alpha beta")) == [2, 2, 0])
    #expect(try work(.matchAll("alpha missing")) == [2, 0, 0])
    #expect(try work(.matchPhrase("alpha beta")) == [2, 2, 2])
    #expect(try work(.isNull) == [0, 0, 0])
  }

  @Test func propertiesHaveTheNamesOfDoris() throws {
    let options = try IndexOptions(properties: [
      "parser": "unicode", "support_phrase": "false", "lower_case": "false", "ignore_above": "100",
    ])
    let same = IndexOptions(
      parser: .unicode, lowerCase: false, supportPhrase: false, ignoreAbove: 100)
    #expect(options == same)
    #expect(try IndexOptions(properties: [:]) == IndexOptions())
    let wrong = [
      ["parser": "klingon"], ["lower_case": "maybe"], ["ignore_above": "0"], ["parsr": "none"],
    ]
    for properties in wrong {
      #expect(throws: StorageError.self) { try IndexOptions(properties: properties) }
    }
    #expect(throws: StorageError.self) {
      try InvertedIndexWriter(type: .int32, options: IndexOptions(parser: .english))
    }
  }
}

/// A file that must be read, as one on disk that is not mapped.
private final class UnmappedFile: ReadableFile {
  private let file: any ReadableFile

  init(_ file: any ReadableFile) { self.file = file }

  var path: String { file.path }
  var byteCount: UInt64 { file.byteCount }
  var mapping: UnsafeRawBufferPointer? { nil }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    try file.read(at: offset, into: buffer)
  }
}

import Foundation
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

/// Files written once by each format version stay readable. With `SEDIMENT_WRITE_FIXTURES=1` in
/// the environment missing files are written into the source tree; existing ones never change.
@Suite struct GoldenFileTests {
  private struct Sample {
    let name: String
    let shape: Shape
    let seed: UInt64
    let options: SegmentOptions
    var folder = "format-v1"
    var rowCount = 150
  }

  private static let samples = [
    Sample(
      name: "one-page-lz4", shape: .lowCardinality, seed: 100,
      options: SegmentOptions(compression: .lz4)),
    Sample(
      name: "pages-zstd", shape: .runs, seed: 101,
      options: SegmentOptions(rowsPerPage: 64, compression: .zstd(level: 3))),
    Sample(
      name: "pages-plain", shape: .random, seed: 102,
      options: SegmentOptions(rowsPerPage: 100, compression: .none)),
    Sample(
      name: "extremes", shape: .extremes, seed: 103,
      options: SegmentOptions(rowsPerPage: 128, compression: .lz4)),
    Sample(
      name: "ascending", shape: .ascending, seed: 104,
      options: SegmentOptions(rowsPerPage: 1100, compression: .none),
      folder: "format-v1-encodings", rowCount: 1200),
    Sample(
      name: "outliers", shape: .outliers, seed: 105,
      options: SegmentOptions(rowsPerPage: 1100, compression: .none),
      folder: "format-v1-encodings", rowCount: 1200),
    Sample(
      name: "prices", shape: .prices, seed: 106,
      options: SegmentOptions(rowsPerPage: 500, compression: .lz4),
      folder: "format-v1-encodings", rowCount: 600),
    Sample(
      name: "filters", shape: .prices, seed: 107,
      options: SegmentOptions(
        rowsPerPage: 64, compression: .lz4,
        filters: allTypes.indices.map { ColumnFilter(column: ColumnID(rawValue: UInt32($0 + 1))) }
          + [
            ColumnFilter(
              column: ColumnID(rawValue: UInt32(allTypes.count)), content: .ngrams(size: 3))
          ]), folder: "format-v1-encodings"),
  ]

  @Test func filesOfVersion1StayReadable() throws {
    for sample in Self.samples {
      var generator = SeededGenerator(seed: sample.seed)
      let (batch, values) = try sampleBatch(
        sample.shape, rowCount: sample.rowCount, nullable: true, &generator)
      let name = "\(sample.folder)/\(sample.name).seg"
      if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
        try writeIfMissing(name, SegmentWriter.encode(batch, options: sample.options).bytes)
        continue
      }
      let folder = try #require(Bundle.module.resourcePath)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/\(name)"))
      let reader = try openSegment([UInt8](bytes))
      #expect(reader.schema == batch.schema)
      #expect(reader.verify() == [])
      for column in values.indices {
        #expect(try isSame(readColumn(reader, column), values[column]), "\(name) \(column)")
        for value in values[column] {
          #expect(try reader.mayContain(column: column, value: value))
          guard case .string(let text) = value else { continue }
          #expect(try reader.mayContain(column: column, substring: text))
        }
      }
    }
  }

  @Test func pagesOfSymbolsStayReadable() throws {
    var generator = SeededGenerator(seed: 108)
    let values = proseSamples(count: 1700, &generator).map { Value.string($0) }
    let schema = try Schema([("c", .string, false)], sortKeyCount: 1)
    let batch = ColumnBatch(schema: schema, rowCount: 1700, columns: [vector(.string, values)])
    let name = "format-v1-strings/symbols.seg"
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
      try writeIfMissing(name, SegmentWriter.encode(batch, options: SegmentOptions()).bytes)
      return
    }
    let folder = try #require(Bundle.module.resourcePath)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/\(name)"))
    let reader = try openSegment([UInt8](bytes))
    #expect(try reader.describe().columns[0].pages.map(\.encoding) == [.symbols])
    #expect(reader.verify() == [])
    #expect(try isSame(readColumn(reader, 0), values))
  }

  @Test func sharedDictionariesStayReadable() throws {
    var generator = SeededGenerator(seed: 109)
    let values = (0..<700).map { _ -> Value in
      generator.next() % 9 == 0 ? .null : .string("name \(generator.next() % 90)")
    }
    let schema = try Schema([("c", .string, true)], sortKeyCount: 1)
    let batch = ColumnBatch(schema: schema, rowCount: 700, columns: [vector(.string, values)])
    let name = "format-v1-strings/shared-dictionary.seg"
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
      let options = SegmentOptions(rowsPerPage: 128)
      try writeIfMissing(name, SegmentWriter.encode(batch, options: options).bytes)
      return
    }
    let folder = try #require(Bundle.module.resourcePath)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/\(name)"))
    let reader = try openSegment([UInt8](bytes))
    let encodings = try reader.describe().columns[0].pages.map(\.encoding)
    #expect(encodings == Array(repeating: .sharedDictionary, count: 6))
    #expect(reader.verify() == [])
    #expect(try isSame(readColumn(reader, 0), values))
  }

  @Test func primaryKeysStayReadable() throws {
    var generator = SeededGenerator(seed: 110)
    let rows = (0..<900).map { _ -> [Value] in
      let text = generator.next() % 20 == 0 ? .null : Value.string("key \(generator.next() % 500)")
      return [.integer(Int128(generator.next() % 40)), text]
    }
    let segments = try KeyedSegments(
      [.int32, .string], nullable: true, rows: rows, hasSequences: true, rowsPerPage: 256,
      keyPageByteCount: 1024)
    let name = "format-v1-keys/primary-keys.seg"
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
      try writeIfMissing(name, segments.bytes)
      return
    }
    let folder = try #require(Bundle.module.resourcePath)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/\(name)"))
    let reader = try openSegment([UInt8](bytes))
    #expect(try reader.keyPageRanges().count > 2 && reader.hasKeySequences())
    #expect(reader.verify() == [])
    let absent = (0..<40).map { [Value.integer($0), .string("key 500")] }
    let keys = segments.wanted(absent, count: 0, &generator) + segments.keys
    let wanted = keys.sorted { $0.lexicographicallyPrecedes($1) }
    var matches: [KeyMatch] = []
    var work = KeyProbeWork()
    try reader.findKeys(
      KeyProbe(KeyedSegments.table(wanted)), matches: &matches, work: &work)
    #expect(matches == segments.expected(wanted, sequences: true))
  }

  @Test func rowStoresStayReadable() throws {
    var generator = SeededGenerator(seed: 110)
    let dense = try RowStoreSample(allTypes, .random, rowCount: 120, &generator)
    let sparse = try RowStoreSample.wide(
      columnCount: 150, rowCount: 20, presentIn256: 30, &generator)
    let some = [1, 7, 11].map { dense.batch.schema.columns[$0].id }
    for (name, sample, options) in [
      ("dense", dense, RowStoreOptions(pageByteCount: 4000)),
      ("dense-some-lz4", dense, RowStoreOptions(columns: some, compression: .lz4)),
      ("sparse-zstd", sparse, RowStoreOptions(compression: .zstd(level: 3))),
    ] {
      let name = "format-v1-rows/\(name).seg"
      if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
        try writeIfMissing(name, sample.encoded(options))
        continue
      }
      let folder = try #require(Bundle.module.resourcePath)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/\(name)"))
      let reader = try openSegment([UInt8](bytes))
      #expect(reader.verify() == [])
      let store = try #require(try reader.rowStore())
      for row in 0..<store.rowCount {
        try store.withRow(row) {
          #expect(isSame($0.values, sample.row(row, of: store.positions)), "\(name) \(row)")
        }
      }
    }
  }

  private func writeIfMissing(_ name: String, _ bytes: [UInt8]) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let file = folder.appendingPathComponent("Fixtures/\(name)")
    guard !FileManager.default.fileExists(atPath: file.path) else { return }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }
}

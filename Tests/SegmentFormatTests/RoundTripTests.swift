import ScanKernels
import StorageBase
import Testing

@testable import SegmentFormat

/// What was written comes back, whatever the type, the shape of the data, the compression and the
/// number of rows; chunks do not matter; zone maps bound what they claim to.
@Suite struct RoundTripTests {
  @Test(arguments: Shape.allCases, [Compression.none, .lz4, .zstd(level: 3)])
  func everyTypeComesBack(shape: Shape, compression: Compression) throws {
    var generator = SeededGenerator(seed: 1)
    for nullable in [false, true] {
      for rowCount in [1, 63, 64, 65, 199, 200, 201, 401] {
        try check(
          shape, rowCount: rowCount, nullable: nullable,
          SegmentOptions(rowsPerPage: 200, compression: compression), &generator)
      }
    }
  }

  @Test(arguments: Shape.allCases)
  func pagesAroundBlockBordersComeBack(shape: Shape) throws {
    var generator = SeededGenerator(seed: 2)
    for rowCount in [1023, 1024, 1025, 2049] {
      try check(
        shape, rowCount: rowCount, nullable: rowCount % 2 == 1,
        SegmentOptions(rowsPerPage: 2048), &generator)
    }
  }

  private func check(
    _ shape: Shape, rowCount: Int, nullable: Bool, _ options: SegmentOptions,
    _ generator: inout SeededGenerator
  ) throws {
    let (batch, values) = try sampleBatch(
      shape, rowCount: rowCount, nullable: nullable, &generator)
    let (bytes, summary) = try SegmentWriter.encode(batch, options: options)
    #expect(summary.rowCount == rowCount && summary.byteCount == bytes.count)
    let reader = try openSegment(bytes)
    #expect(reader.schema == batch.schema)
    #expect(reader.verify() == [])
    for column in values.indices {
      #expect(
        try isSame(readColumn(reader, column), values[column]),
        "\(allTypes[column]) \(shape) \(options) \(rowCount) rows")
      #expect(
        try isSame(readColumn(reader, column, form: .narrow), values[column]),
        "narrow: \(allTypes[column]) \(shape) \(options) \(rowCount) rows")
      checkBounds(reader.zoneMap(column: column), values[column])
      for page in 0..<reader.pageCount {
        let zone = try reader.zoneMap(column: column, page: page)
        checkBounds(zone, Array(values[column][reader.rowRange(ofPage: page)]))
      }
    }
  }

  private func checkBounds(_ zone: ZoneMap, _ values: [Value]) {
    let present = values.filter { !$0.isNull }
    #expect(zone.rowCount == values.count)
    #expect(zone.nullCount == values.count - present.count)
    guard let low = present.min(by: { $0.precedes($1) }),
      let high = present.max(by: { $0.precedes($1) })
    else {
      #expect(zone.isAllNull && zone.min.isNull && zone.max.isNull)
      return
    }
    #expect(!low.precedes(zone.min))
    #expect(zone.isMaxOpen || !zone.max.precedes(high))
    if zone.isMinExact { #expect(!zone.min.precedes(low)) }
    if zone.isMaxExact { #expect(!high.precedes(zone.max)) }
  }

  @Test func everyEncodingIsUsed() throws {
    var generator = SeededGenerator(seed: 3)
    var used: [DataType: Set<PageEncoding>] = [:]
    for shape in Shape.allCases {
      let (batch, _) = try sampleBatch(shape, rowCount: 2000, nullable: false, &generator)
      let reader = try openSegment(
        try SegmentWriter.encode(batch, options: SegmentOptions()).bytes)
      for column in try reader.describe().columns {
        used[column.column.type, default: []].formUnion(column.pages.map(\.encoding))
      }
    }
    let integers = used[.int64, default: []]
    #expect(integers == [.plain, .bitPacked, .runLength, .dictionary, .delta, .patched])
    #expect(used[.double] == [.plain, .runLength, .dictionary, .alp])
    #expect(used[.float]?.contains(.alp) == true)
    #expect(used[.decimal(precision: 38, scale: 10)]?.contains(.split) == true)
    #expect(used[.string] == [.plain, .dictionary, .symbols])
    // Shared dictionaries need several pages: `SharedDictionaryTests`.
  }

  /// What is packed in few bits is read into narrow lanes, and stays itself when widened.
  @Test func packedPagesAreReadNarrow() throws {
    var generator = SeededGenerator(seed: 5)
    let (batch, values) = try sampleBatch(
      .smallRange, rowCount: 2000, nullable: false, &generator)
    let reader = try openSegment(try SegmentWriter.encode(batch, options: SegmentOptions()).bytes)
    var work = PageWork()
    for (column, type) in allTypes.enumerated() {
      let vector = try reader.readPage(column: column, page: 0, form: .narrow, work: &work)
      switch type.physical {
      case .int16, .int32, .int64: #expect(vector.isNarrow, "\(type)")
      default: break
      }
      #expect(!vector.widened().isNarrow)
      #expect(isSame(rows(of: vector.widened()), values[column]))
    }
  }

  /// Some rows of a page are those rows of the whole page, however few, whatever the encoding.
  @Test(arguments: Shape.allCases)
  func someRowsOfAPageAreReadAlone(shape: Shape) throws {
    var generator = SeededGenerator(seed: 6)
    for nullable in [false, true] {
      let (batch, values) = try sampleBatch(
        shape, rowCount: 5000, nullable: nullable, &generator)
      let reader = try openSegment(
        try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 3300)).bytes)
      var work = PageWork()
      for column in values.indices {
        for page in 0..<reader.pageCount {
          let range = reader.rowRange(ofPage: page)
          for count in [1, 2, 12, 400] {
            let rows = (0..<count).map { _ in UInt32(generator.next() % UInt64(range.count)) }
            for form in [VectorForm.narrow, .wide] {
              let found = try reader.readPage(
                column: column, page: page, form: form, rows: rows, work: &work)
              let expected = rows.map { values[column][range.lowerBound + Int($0)] }
              #expect(isSame((0..<found.count).map { found[$0] }, expected))
            }
          }
        }
      }
    }
  }

  /// The same rows in chunks of any size, and as coded vectors read from another segment, give
  /// the same rows.
  @Test func chunksDoNotMatter() throws {
    var generator = SeededGenerator(seed: 4)
    for shape in [Shape.lowCardinality, .random] {
      let (batch, values) = try sampleBatch(shape, rowCount: 700, nullable: true, &generator)
      let whole = try openSegment(
        try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 97)).bytes)
      let sink = MemorySink()
      let writer = try SegmentWriter(
        schema: batch.schema, options: SegmentOptions(rowsPerPage: 128), sink: sink)
      for column in values.indices {
        var work = PageWork()
        for page in 0..<whole.pageCount {
          let form: VectorForm = page % 2 == 0 ? .narrow : .wide
          try writer.append(whole.readPage(column: column, page: page, form: form, work: &work))
        }
        try writer.finishColumn()
        #expect(work.rows == 700 && work.pages == whole.pageCount)
      }
      _ = try writer.finish()
      let copy = try openSegment(sink.bytes)
      #expect(copy.verify() == [])
      for column in values.indices {
        #expect(try isSame(readColumn(copy, column), values[column]))
      }
    }
  }

  @Test func namesOfCompressionsComeBack() {
    for compression in [Compression.none, .lz4, .zstd(level: 3), .zstd(level: 9)] {
      #expect(Compression(compression.description) == compression)
    }
    #expect(Compression("zstd:9") == .zstd(level: 9))
    for text in ["", "LZ4", "zstd:", "zstd:0", "zstd:23", "gzip"] {
      #expect(Compression(text) == nil)
    }
  }
}

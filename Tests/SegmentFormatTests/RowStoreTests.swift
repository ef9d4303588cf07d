import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Rows of a row store are the rows of the columns, one by one, in batches, and as columns again.
@Suite struct RowStoreTests {
  private func readers(_ bytes: [UInt8]) throws -> [SegmentReader] {
    [try openSegment(bytes), try SegmentReader(file: UnmappedFile(bytes))]
  }

  /// Compares every row and column, in every way there is to read them.
  private func check(
    _ sample: RowStoreSample, _ options: RowStoreOptions, _ generator: inout SeededGenerator
  ) throws {
    let bytes = try sample.encoded(options)
    let fields = sample.batch.schema.columns.indices.filter {
      options.columns?.contains(sample.batch.schema.columns[$0].id) ?? true
    }
    for reader in try readers(bytes) {
      #expect(reader.verify() == [])
      let store = try #require(try reader.rowStore())
      #expect(store.positions == fields && store.rowCount == sample.batch.rowCount)
      for cache in [nil, RowPageCache(byteCountMax: 1 << 16)] {
        for row in 0..<store.rowCount {
          try store.withRow(row, cache: cache) { view in
            #expect(isSame(view.values, sample.row(row, of: fields)), "row \(row)")
          }
        }
        try checkBatch(store, sample, fields, cache, &generator)
      }
    }
  }

  private func checkBatch(
    _ store: RowStoreReader, _ sample: RowStoreSample, _ fields: [Int], _ cache: RowPageCache?,
    _ generator: inout SeededGenerator
  ) throws {
    let rows = (0..<min(500, 2 * store.rowCount)).map { _ in
      UInt32(generator.next() % UInt64(store.rowCount))
    }
    let batch = RowBatch(layout: store.layout)
    try store.read(rows: [0], into: batch, cache: cache)
    try store.read(rows: rows, into: batch, cache: cache)
    #expect(batch.count == rows.count)
    for (index, row) in rows.enumerated() {
      #expect(isSame(batch.values(index), sample.row(Int(row), of: fields)))
    }
    let columns = batch.columns()
    for (field, column) in fields.enumerated() {
      let expected = rows.map { sample.values[column][Int($0)] }
      #expect(isSame(SegmentFormatTests.rows(of: columns[field]), expected), "field \(field)")
      // Of wide rows some: each column is looked for in every row.
      if fields.count < 64 || field % 31 == 0 {
        #expect(isSame(SegmentFormatTests.rows(of: batch.column(field)), expected))
      }
    }
  }

  @Test(arguments: Shape.allCases, [Compression.none, .lz4, .zstd(level: 1)])
  func everyTypeComesBack(shape: Shape, compression: Compression) throws {
    var generator = SeededGenerator(seed: 21)
    for rowCount in [1, 2, 65, 301] {
      let sample = try RowStoreSample(
        allTypes + allTypes.reversed(), shape, rowCount: rowCount, &generator)
      try check(
        sample, RowStoreOptions(compression: compression, pageByteCount: 2000), &generator)
    }
  }

  @Test func chosenColumnsComeBack() throws {
    var generator = SeededGenerator(seed: 22)
    let sample = try RowStoreSample(allTypes, .random, rowCount: 150, &generator)
    for _ in 0..<12 {
      let ids = sample.batch.schema.columns.map(\.id).filter { _ in generator.next() % 3 == 0 }
      guard !ids.isEmpty else { continue }
      // Rows of fixed width only, of strings only, and mixtures.
      try check(
        sample, RowStoreOptions(columns: ids.reversed(), pageByteCount: 256), &generator)
    }
    for type in allTypes {
      let single = try RowStoreSample([type], .lowCardinality, rowCount: 130, &generator)
      try check(single, RowStoreOptions(pageByteCount: 300), &generator)
    }
  }

  @Test(arguments: [(100, 20), (517, 8), (2000, 2), (4096, 1), (130, 256)] as [(Int, UInt64)])
  func wideRowsComeBack(columnCount: Int, presentIn256: UInt64) throws {
    var generator = SeededGenerator(seed: 23)
    for (compression, rowCount) in [(Compression.none, 9), (.lz4, columnCount < 1000 ? 67 : 3)] {
      let sample = try RowStoreSample.wide(
        columnCount: columnCount, rowCount: rowCount, presentIn256: presentIn256, &generator)
      let options = RowStoreOptions(compression: compression)
      #expect(RowLayout(columns: sample.batch.schema.columns).form == .sparse)
      try check(sample, options, &generator)
    }
  }

  /// The bytes of a string of the greatest length, alone and among others, and page borders there.
  @Test(arguments: [Compression.none, .lz4])
  func longStringsComeBack(compression: Compression) throws {
    var generator = SeededGenerator(seed: 24)
    let lengths = [0, 1, 255, 256, 65_535, 65_536, 3, Limits.stringByteCountMax, 0, 16_000, 20]
    for columnCount in [1, 600] {
      let schema = try Schema(
        (0..<columnCount).map { ("c\($0)", .string, $0 % 2 == 0) }, sortKeyCount: 1)
      let values = (0..<columnCount).map { column in
        lengths.map { length -> Value in
          column % 299 == 0
            ? .string(String(repeating: "xyz\(column)", count: length / 4 + 1).prefix(length) + "")
            : .string("")
        }
      }
      let sample = try RowStoreSample(schema: schema, values: values)
      let options = RowStoreOptions(compression: compression)
      let bytes = try sample.encoded(options)
      for reader in try readers(bytes) {
        #expect(reader.verify() == [])
        let store = try #require(try reader.rowStore())
        let batch = RowBatch(layout: store.layout)
        try store.read(rows: (0..<11).reversed(), into: batch)
        let columns = [0, columnCount - 1].map { batch.column($0) }
        for row in 0..<11 {
          let expected = sample.row(row, of: [0, columnCount - 1])
          try store.withRow(row) {
            #expect(isSame([$0.value(0), $0.value(columnCount - 1)], expected))
          }
          #expect(isSame(columns.map { $0[10 - row] }, expected))
        }
      }
    }
    _ = generator.next()
  }

  /// Whatever the form of the vectors and the chunks they come in, the rows are the same bytes.
  @Test func chunksAndFormsDoNotMatter() throws {
    var generator = SeededGenerator(seed: 25)
    for columnCount in [12, 240] {
      for shape in [Shape.lowCardinality, .smallRange, .runs] {
        let types = (0..<columnCount).map { allTypes[$0 % allTypes.count] }
        let sample = try RowStoreSample(types, shape, rowCount: 777, &generator)
        let whole = try sample.encoded(RowStoreOptions(), rowsPerPage: 128)
        let source = try openSegment(whole)
        let sink = MemorySink()
        let writer = try SegmentWriter(
          schema: sample.batch.schema,
          options: SegmentOptions(rowsPerPage: 128, compression: .none), sink: sink)
        for column in sample.batch.columns { try writer.writeColumn(column) }
        try writer.appendRowStore(RowStoreOptions()) { store in
          var work = PageWork()
          for page in 0..<source.pageCount {
            let form: VectorForm = page % 2 == 0 ? .narrow : .wide
            let columns = try types.indices.map {
              try source.readPage(column: $0, page: page, form: form, work: &work)
            }
            let count = columns[0].count
            let middle = Int(generator.next() % UInt64(count))
            try store.append(columns, rows: 0..<middle)
            try store.append(columns, rows: middle..<count)
          }
        }
        _ = try writer.finish()
        #expect(sink.bytes == whole)
      }
    }
  }

  /// Rows of inputs with the same columns are copied; others are refused by their layout.
  @Test func rowsAreCopiedAsTheyAre() throws {
    var generator = SeededGenerator(seed: 26)
    for columnCount in [12, 240] {
      let types = (0..<columnCount).map { allTypes[$0 % allTypes.count] }
      let sample = try RowStoreSample(types, .random, rowCount: 400, &generator)
      let whole = try sample.encoded(RowStoreOptions(pageByteCount: 4000))
      for source in try readers(whole) {
        let input = try #require(try source.rowStore())
        let sink = MemorySink()
        let writer = try SegmentWriter(
          schema: sample.batch.schema,
          options: SegmentOptions(rowsPerPage: 100, compression: .none), sink: sink)
        for column in sample.batch.columns { try writer.writeColumn(column) }
        try writer.appendRowStore(RowStoreOptions(pageByteCount: 4000)) { store in
          #expect(store.layout.isCompatible(with: input.layout))
          for row in 0..<50 { try input.withRow(row) { try store.append($0) } }
          let batch = RowBatch(layout: store.layout)
          try input.read(rows: Array(50..<300), into: batch)
          try store.append(batch)
          try store.append(sample.batch.columns, rows: 300..<400)
        }
        _ = try writer.finish()
        #expect(sink.bytes == whole)
      }
    }
  }

  @Test func layoutsOfOtherColumnsAreNotCompatible() throws {
    func layout(_ id: UInt32, _ type: DataType, _ isNullable: Bool) -> RowLayout {
      RowLayout(columns: [
        Column(id: ColumnID(rawValue: id), name: "c", type: type, isNullable: isNullable)
      ])
    }
    let layout1 = layout(1, .int32, false)
    #expect(layout1.isCompatible(with: layout(1, .int32, false)))
    #expect(!layout1.isCompatible(with: layout(2, .int32, false)))
    #expect(!layout1.isCompatible(with: layout(1, .date, false)))
    #expect(!layout1.isCompatible(with: layout(1, .int32, true)))
  }

  @Test func optionsOutOfRangeAreRefused() throws {
    let schema = try Schema([("a", .int32, false), ("b", .string, true)], sortKeyCount: 1)
    let id = schema.columns[0].id
    for options in [
      RowStoreOptions(columns: []), RowStoreOptions(columns: [id, id]),
      RowStoreOptions(columns: [ColumnID(rawValue: 9)]), RowStoreOptions(pageByteCount: 255),
      RowStoreOptions(pageByteCount: 65_536), RowStoreOptions(compression: .zstd(level: 0)),
    ] {
      #expect(throws: StorageError.self) { try options.validate(for: schema) }
    }
    try RowStoreOptions(columns: [id]).validate(for: schema)
  }

  /// A store whose rows are not those of the columns is found, with row and column.
  @Test func verifyComparesRowsWithColumns() throws {
    var generator = SeededGenerator(seed: 27)
    let sample = try RowStoreSample([.int32, .string], .random, rowCount: 300, &generator)
    var other = sample.values
    other[1][217] = .string("something else")
    let changed = try RowStoreSample(schema: sample.batch.schema, values: other)
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: sample.batch.schema, options: SegmentOptions(rowsPerPage: 64), sink: sink)
    for column in sample.batch.columns { try writer.writeColumn(column) }
    try writer.appendRowStore(RowStoreOptions()) {
      try $0.append(changed.batch.columns, rows: 0..<300)
    }
    _ = try writer.finish()
    let errors = try openSegment(sink.bytes).verify()
    #expect(errors.count == 1)
    #expect(errors.first?.description.contains("column c1 of row 217") == true)
  }

  /// The second row of a page costs no read, however the page was got.
  @Test func cachedPagesAreNotReadAgain() throws {
    var generator = SeededGenerator(seed: 28)
    let sample = try RowStoreSample(allTypes, .runs, rowCount: 400, &generator)
    let bytes = try sample.encoded(RowStoreOptions(compression: .lz4, pageByteCount: 8000))
    let store = try #require(try SegmentReader(file: UnmappedFile(bytes)).rowStore())
    let cache = RowPageCache(byteCountMax: 1 << 20)
    for row in 0..<400 { try store.withRow(row, cache: cache) { _ in } }
    let counters = cache.counters
    #expect(counters.misses == store.pageRanges.count && counters.hits == 400 - counters.misses)
    #expect(counters.byteCount >= 400 * 60)
  }
}

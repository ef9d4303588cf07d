import ScanKernels
import SegmentFormat
import StorageBase

extension FuzzTarget {
  /// Well-formed inputs that fuzzing and mutation begin with, made anew by this version of the
  /// writers, so that what they learn to write is fuzzed as well.
  /// - Throws: `StorageError` when the writers fail.
  public func seeds() throws -> [[UInt8]] {
    switch self {
    case .segment: try SegmentSeeds.segments()
    case .page: try SegmentSeeds.pages()
    case .index: try IndexFuzz.seeds()
    case .log: [try StoreFuzz.seeds().log]
    case .checkpoint: [try StoreFuzz.seeds().checkpoint]
    case .mapping: Self.mappings.map { Array($0.utf8) }
    case .csv: Self.texts.map { Array($0.utf8) }
    case .json: JSONFuzz.seeds.map { Array($0.utf8) }
    case .pipeline: StreamFuzz.pipelineSeeds.map { Array($0.utf8) }
    case .stream: StreamFuzz.checkpointSeeds
    case .window: try StreamFuzz.windowSeeds()
    case .changes: StreamFuzz.changeSeeds.map { Array($0.utf8) }
    case .trace: try TraceFuzz.seeds()
    }
  }

  private static let mappings = [
    """
    format: csv
    delimiter: tab
    quote: none
    header: true
    trailing_delimiter: true
    "null": \\N
    columns:
      - {name: note, type: string, nullable: true}
      - {name: at, type: datetime, source: created, format: epoch_ms}
      - {name: amount, type: "decimal(12, 2)", source: 7}
    sort_key: [at, amount]
    hash_by: amount
    buckets: 16
    """,
    "header: false\ncolumns: [{name: a, type: int8}, {name: b, type: string}]",
    """
    format: json
    outer_array: true
    columns:
      - {name: id, type: int64}
      - {name: sku, type: string, source: "$.items[0]['s k']", default: none}
    """,
  ]

  /// The first byte is the choice of `TextFuzz.runCSV`.
  private static let texts = [
    " 1,2026-01-01,x\n-2,\"a,\"\"b\",\n,,\n",
    "$id,day,at\n1,2026-01-01,2026-01-01 10:00:00.5\n",
    "!1|2.5e-3|true\r\n9223372036854775807|nan|\r\n",
    "(\"1\",\"2\",\"3\",\n4,5,6,\n",
  ]
}

/// Small segments of every type, and their pages.
private enum SegmentSeeds {
  private static let rowCount = 41

  private static let types: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 12, scale: 2),
    .decimal(precision: 38, scale: 10), .date, .datetime, .string,
  ]

  private static func segment(
    _ type: DataType, _ compression: Compression, rowsPerPage: Int, _ random: inout SeededGenerator
  ) throws -> [UInt8] {
    let builder = ColumnBuilder(type: type)
    let shape = random.next() % 3
    for row in 0..<rowCount {
      let bits = shape == 0 ? UInt64(row / 9) : shape == 1 ? random.next() % 3 : random.next() % 120
      if bits % 17 == 5 { builder.appendNull() } else { append(bits, to: builder) }
    }
    let batch = ColumnBatch(
      schema: try Schema([("c", type, true)], sortKeyCount: 1), rowCount: rowCount,
      columns: [builder.finish()])
    return try SegmentWriter.encode(
      batch, options: SegmentOptions(rowsPerPage: rowsPerPage, compression: compression)
    ).bytes
  }

  private static func append(_ bits: UInt64, to builder: ColumnBuilder) {
    switch builder.type {
    case .bool: builder.append(integer: Int64(bits % 2))
    case .float, .double: builder.append(floating: Double(bits) / 4)
    case .string: builder.append(string: "value \(bits)")
    case .decimal(38, _): builder.append(wide: Int128(bits) << 70)
    default: builder.append(integer: Int64(bits))
    }
  }

  static func segments() throws -> [[UInt8]] {
    var random = SeededGenerator(seed: 71)
    return try types.enumerated().map { index, type in
      try segment(
        type, [.none, .lz4, .zstd(level: 1)][index % 3], rowsPerPage: index % 2 == 0 ? 64 : 16,
        &random)
    } + [try symbolSegment(), try sharedSegment(), try keyedSegment()]
      + [Compression.none, .lz4, .zstd(level: 1)].flatMap {
        try [rowSegment(columnCount: 13, $0), rowSegment(columnCount: 90, $0)]
      }
  }

  /// Two pages of primary keys, with a filter and sequences.
  private static func keyedSegment() throws -> [UInt8] {
    let numbers = ColumnBuilder(type: .int32)
    let texts = ColumnBuilder(type: .string)
    let rowCount = 700
    for row in 0..<rowCount {
      numbers.append(integer: Int64(row / 9))
      texts.append(string: "item number \(row * 7 + 10_000)")
    }
    let schema = try Schema([("a", .int32, true), ("b", .string, false)], sortKeyCount: 2)
    let batch = ColumnBatch(
      schema: schema, rowCount: rowCount, columns: [numbers.finish(), texts.finish()])
    return try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 256)) {
      column, writer in
      guard column == 1 else { return }
      try writer.appendPrimaryKeys(hasSequences: true) { keys in
        try keys.append(
          SortKeyBytes.encode(batch.columns, schema.columns),
          sequences: SequenceCodes.codes(of: batch.columns[0]))
      }
    }.bytes
  }

  /// A row store, dense or, of many columns, sparse.
  private static func rowSegment(
    columnCount: Int, _ compression: Compression
  ) throws -> [UInt8] {
    var random = SeededGenerator(seed: 73)
    let schema = try Schema(
      (0..<columnCount).map { ("c\($0)", types[$0 % types.count], $0 % 3 > 0) }, sortKeyCount: 1)
    let columns = schema.columns.map { column in
      let builder = ColumnBuilder(type: column.type)
      for _ in 0..<12 {
        let bits = random.next() % 99
        if column.isNullable, bits > 40 { builder.appendNull() } else { append(bits, to: builder) }
      }
      return builder.finish()
    }
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: schema, options: SegmentOptions(compression: .none), sink: sink)
    for column in columns { try writer.writeColumn(column) }
    try writer.appendRowStore(RowStoreOptions(compression: compression, pageByteCount: 300)) {
      try $0.append(columns, rows: 0..<12)
    }
    _ = try writer.finish()
    return sink.bytes
  }

  /// Pages of codes into one dictionary.
  private static func sharedSegment() throws -> [UInt8] {
    let builder = ColumnBuilder(type: .string)
    for row in 0..<100 { builder.append(string: "name \(row * row % 13)") }
    let batch = ColumnBatch(
      schema: try Schema([("c", .string, true)], sortKeyCount: 1), rowCount: 100,
      columns: [builder.finish()])
    return try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 32)).bytes
  }

  private static let symbolRowCount = 2041

  /// Strings of a page long enough to be encoded by symbols.
  private static func symbolSegment() throws -> [UInt8] {
    let builder = ColumnBuilder(type: .string)
    for row in 0..<symbolRowCount {
      builder.append(string: "the final request of account \(row * 7919)")
    }
    let batch = ColumnBatch(
      schema: try Schema([("c", .string, true)], sortKeyCount: 1), rowCount: symbolRowCount,
      columns: [builder.finish()])
    return try SegmentWriter.encode(batch, options: SegmentOptions()).bytes
  }

  /// Each page behind the two bytes by which `PageFuzz` chooses type and rows.
  static func pages() throws -> [[UInt8]] {
    var random = SeededGenerator(seed: 72)
    let pages = try types.indices.flatMap { index in
      try [Compression.none, .lz4, .zstd(level: 1)].map { compression in
        let bytes = try segment(types[index], compression, rowsPerPage: 64, &random)
        return page(of: bytes, type: index, rowCount: rowCount)
      }
    }
    let strings = types.count - 1
    return pages + [page(of: try symbolSegment(), type: strings, rowCount: symbolRowCount)]
  }

  /// The only page lies between the magic and the footer.
  private static func page(of segment: [UInt8], type: Int, rowCount: Int) -> [UInt8] {
    let end = segment.count - 20
    let footer = segment[end..<end + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    return [UInt8(type), UInt8(rowCount / 8)] + segment[8..<end - footer]
  }
}

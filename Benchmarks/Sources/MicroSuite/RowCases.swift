import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// The row store: making rows of columns, and whole rows by random ordinals, decoded to values.
enum RowCases {
  private static let rowCount = 1_000_000
  private static let encodedRowCount = 1 << 17
  private static let fetchCount = 10_000
  private static let batchRowCount = 1000

  static func all() throws -> [MicroCase] {
    let events = Lazily { try orders(rowCount) }
    let wide = Lazily { try WideCases.batch() }
    let plain = Lazily { try store(events.get(), .none) }
    let compressed = Lazily { try store(events.get(), .lz4) }
    let wideStore = Lazily { try store(wide.get(), .none) }
    return [
      encode("9 columns", rows: encodedRowCount) { try Self.orders(encodedRowCount) },
      encode("2 000 columns, 50 have values", rows: WideCases.rowCount) { try wide.get() },
      fetch("one of 1 M rows, 9 fields", plain),
      fetchBatch("1 000 of 1 M rows to columns", plain),
      fetchBatch("1 000 of 1 M rows, LZ4, to columns", compressed),
      fetchCached("one of 1 M rows, LZ4, cached", compressed),
      fetchField("one field of 2 000", wideStore),
      wideColumns(wideStore),
    ]
  }

  /// Orders as events bring them: three integers, two amounts, two dates, two short strings.
  private static func orders(_ count: Int) throws -> ColumnBatch {
    let amount = DataType.decimal(precision: 15, scale: 2)
    let schema = try Schema(
      [
        ("id", .int64, false), ("customer", .int64, false), ("lines", .int32, false),
        ("price", amount, false), ("tax", amount, true), ("ordered", .date, false),
        ("shipped", .date, true), ("state", .string, false), ("clerk", .string, false),
      ], sortKeyCount: 1)
    func numbers<T: FixedWidthInteger & BitwiseCopyable>(
      _ type: T.Type, _ seed: UInt64, below bound: UInt64
    ) -> ColumnVector.Body {
      .fixed(
        Samples.fixed(T.self, count: count, seed: seed) { random, _ in
          T(truncatingIfNeeded: random.next() % bound)
        })
    }
    let ids = Samples.fixed(Int64.self, count: count, seed: 0) { _, row in Int64(row) }
    let bodies: [ColumnVector.Body] = [
      .fixed(ids), numbers(Int64.self, 1, below: 100_000), numbers(Int32.self, 2, below: 9),
      numbers(Int64.self, 3, below: 10_000_000), numbers(Int64.self, 4, below: 500_000),
      numbers(Int32.self, 5, below: 20_000), numbers(Int32.self, 6, below: 20_000),
      Samples.coded(entryCount: 5, count: count, seed: 7).body,
      Samples.uncoded(Samples.coded(entryCount: 1000, count: count, seed: 8)).body,
    ]
    return ColumnBatch(
      schema: schema, rowCount: count,
      columns: zip(schema.columns, bodies).map {
        ColumnVector(type: $0.type, count: count, body: $1)
      })
  }

  private static func writer(
    _ batch: ColumnBatch, _ sink: any SegmentSink
  ) throws -> SegmentWriter {
    let writer = try SegmentWriter(
      schema: batch.schema, options: SegmentOptions(compression: .none), sink: sink)
    for column in batch.columns { try writer.writeColumn(column) }
    return writer
  }

  private static func store(
    _ batch: ColumnBatch, _ compression: Compression
  ) throws -> RowStoreReader {
    let sink = MemorySink()
    let writer = try writer(batch, sink)
    try writer.appendRowStore(RowStoreOptions(compression: compression)) {
      try $0.append(batch.columns, rows: 0..<batch.rowCount)
    }
    _ = try writer.finish()
    let reader = try SegmentReader(file: MemoryFile(path: "rows", bytes: sink.bytes))
    guard let store = try reader.rowStore() else { preconditionFailure("no row store") }
    // Checks the pages, which the first reader of each does.
    for row in 0..<store.rowCount { try store.withRow(row) { _ in } }
    return store
  }

  private static func encode(
    _ name: String, rows: Int, _ make: @escaping () throws -> ColumnBatch
  ) -> MicroCase {
    let batch = Lazily(make)
    return MicroCase("rows", "encode, \(name)", byteCount: 0, valueCount: rows) {
      let (batch, sink) = (try batch.get(), MemorySink())
      let writer = try writer(batch, sink)
      return {
        try writer.appendRowStore(RowStoreOptions()) {
          try $0.append(batch.columns, rows: 0..<rows)
        }
      }
    }
  }

  private static func ordinals(
    _ count: Int, below rowCount: Int, _ random: inout SeededGenerator
  ) -> [UInt32] {
    (0..<count).map { _ in UInt32(random.next() % UInt64(rowCount)) }
  }

  /// Adds up all fields of a row.
  private static func sum(_ row: RowView) -> Int64 {
    var sum: Int64 = 0
    for field in 0..<7 where !row.isNull(field) { sum &+= row.integer(field) }
    return sum &+ Int64(row.text(7).count) &+ Int64(row.text(8).count)
  }

  private static func fetch(_ name: String, _ store: Lazily<RowStoreReader>) -> MicroCase {
    // Other rows each time, so that no cache has them.
    var random = SeededGenerator(seed: 9)
    return MicroCase("rows", "fetch \(name)", byteCount: 0, valueCount: fetchCount) {
      let store = try store.get()
      let rows = ordinals(fetchCount, below: rowCount, &random)
      return {
        var total: Int64 = 0
        for row in rows { total &+= try store.withRow(Int(row), sum) }
        precondition(total != 0)
      }
    }
  }

  private static func fetchCached(_ name: String, _ store: Lazily<RowStoreReader>) -> MicroCase {
    var random = SeededGenerator(seed: 9)
    let rows = ordinals(fetchCount, below: rowCount, &random)
    let cache = RowPageCache(byteCountMax: 256 << 20)
    return MicroCase("rows", "fetch \(name)", byteCount: 0, valueCount: fetchCount) {
      let store = try store.get()
      for row in rows { try store.withRow(Int(row), cache: cache) { _ in } }
      return {
        var total: Int64 = 0
        for row in rows { total &+= try store.withRow(Int(row), cache: cache, sum) }
        precondition(total != 0)
      }
    }
  }

  private static func fetchBatch(_ name: String, _ store: Lazily<RowStoreReader>) -> MicroCase {
    // Other rows each time, so that no cache has them.
    var random = SeededGenerator(seed: 9)
    return MicroCase("rows", "fetch \(name)", byteCount: 0, valueCount: fetchCount) {
      let store = try store.get()
      let rows = ordinals(fetchCount, below: rowCount, &random)
      let batch = RowBatch(layout: store.layout)
      return {
        for start in stride(from: 0, to: fetchCount, by: batchRowCount) {
          try store.read(rows: Array(rows[start..<start + batchRowCount]), into: batch)
          precondition(batch.columns().count == 9)
        }
      }
    }
  }

  private static func fetchField(_ name: String, _ store: Lazily<RowStoreReader>) -> MicroCase {
    var random = SeededGenerator(seed: 9)
    let rows = ordinals(fetchCount, below: WideCases.rowCount, &random)
    return MicroCase("rows", "fetch \(name)", byteCount: 0, valueCount: fetchCount) {
      let store = try store.get()
      return {
        var total: Int64 = 0
        for row in rows { total &+= try store.withRow(Int(row)) { $0.integer(960) } }
        precondition(total >= 0)
      }
    }
  }

  private static func wideColumns(_ store: Lazily<RowStoreReader>) -> MicroCase {
    var random = SeededGenerator(seed: 9)
    let rows = ordinals(batchRowCount, below: WideCases.rowCount, &random)
    return MicroCase(
      "rows", "fetch 1 000 rows of 2 000 to columns", byteCount: 0, valueCount: batchRowCount
    ) {
      let store = try store.get()
      let batch = RowBatch(layout: store.layout)
      return {
        try store.read(rows: rows, into: batch)
        precondition(batch.columns().count == WideCases.columnCount)
      }
    }
  }
}

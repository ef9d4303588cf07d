import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Encoding and decoding of single columns, through the writer and the reader of segments. The
/// cases are named by their data: which encoding it gets is the writer's choice, shown as a note.
enum EncodingCases {
  static let rowCount = 1 << 20

  static func all() throws -> [MicroCase] {
    try columns().flatMap { column in try cases(column) }
  }

  private struct Column {
    let name: String
    let type: DataType
    var compression = Compression.none
    var ceiling = Ceiling.pageCopy
    let vector: () -> ColumnVector
  }

  private static func integers<T: BitwiseCopyable>(
    _ name: String, _ type: DataType, seed: UInt64,
    _ make: @escaping (inout SeededGenerator, Int) -> T
  ) -> Column {
    Column(name: name, type: type) {
      ColumnVector(
        type: type, count: rowCount,
        body: .fixed(Samples.fixed(T.self, count: rowCount, seed: seed, make)))
    }
  }

  private static func columns() -> [Column] {
    let comments = {
      ColumnVector(
        type: .string, count: rowCount / 4,
        body: .strings(Samples.comments(count: rowCount / 4, seed: 9)))
    }
    return [
      integers("int64, random", .int64, seed: 11) { random, _ in
        Int64(bitPattern: random.next())
      },
      integers("int64, ascending", .int64, seed: 12) { random, row in
        Int64(row) * 3 + Int64(random.next() % 3)
      },
      integers("int32, 11 bits", .int32, seed: 13) { random, _ in Int32(random.next() % 2048) },
      integers("int32, runs of 40", .int32, seed: 14) { _, row in
        Int32(truncatingIfNeeded: (UInt64(row / 40) &* 0x9E37_79B9_7F4A_7C15) >> 40)
      },
      integers("int64, 8 far values", .int64, seed: 15) { random, _ in
        Int64(truncatingIfNeeded: (random.next() % 8) &* 0x9E37_79B9_7F4A_7C15)
      },
      integers("double, prices", .double, seed: 16) { random, _ in
        Double(random.next() % 1_000_000) / 100
      },
      Column(name: "string, 5 000 names", type: .string) {
        Samples.coded(entryCount: 5000, count: rowCount, seed: 17)
      },
      Column(name: "string, 5 000 names, not as codes", type: .string) {
        Samples.uncoded(Samples.coded(entryCount: 5000, count: rowCount, seed: 17))
      },
      Column(name: "string, comments", type: .string, vector: comments),
      Column(
        name: "string, comments, LZ4", type: .string, compression: .lz4, ceiling: .lz4,
        vector: comments),
      Column(
        name: "string, comments, Zstandard", type: .string, compression: .zstd(level: 3),
        ceiling: .zstd, vector: comments),
    ]
  }

  private static func cases(_ column: Column) throws -> [MicroCase] {
    let batch = Lazily {
      let vector = column.vector()
      let schema = try Schema([("c", column.type, false)], sortKeyCount: 1)
      return ColumnBatch(schema: schema, rowCount: vector.count, columns: [vector])
    }
    let options = SegmentOptions(compression: column.compression)
    let segment = Lazily {
      let bytes = try SegmentWriter.encode(batch.get(), options: options).bytes
      return try SegmentReader(file: MemoryFile(path: column.name, bytes: bytes))
    }
    let description = try segment.get().describe()
    let pages = description.columns[0].pages
    let rawByteCount = try plainByteCount(batch.get().columns[0])
    let storedByteCount = pages.reduce(0) { $0 + $1.storedByteCount }
    let bits = Double(storedByteCount * 8) / Double(description.rowCount)
    let note = "\(pages[0].encoding), \(tenths(bits)) bits a value"
    return [
      MicroCase(
        "encode", column.name, byteCount: rawByteCount, valueCount: description.rowCount,
        ceiling: .pageCopy, note: note
      ) {
        let batch = try batch.get()
        return { _ = try SegmentWriter.encode(batch, options: options) }
      },
      MicroCase(
        "decode", column.name, byteCount: rawByteCount, valueCount: description.rowCount,
        ceiling: column.ceiling, note: note
      ) {
        let segment = try segment.get()
        return {
          var work = PageWork()
          for page in 0..<segment.pageCount {
            _ = try segment.readPage(column: 0, page: page, work: &work)
          }
        }
      },
    ]
  }

  private static func tenths(_ number: Double) -> String {
    "\((number * 10).rounded() / 10)"
  }

  /// Bytes of the values as a reader gets them: codes of a dictionary count four bytes each.
  private static func plainByteCount(_ vector: ColumnVector) -> Int {
    switch vector.body {
    case .fixed(let buffer): buffer.byteCount
    case .strings(let table): table.bytes.byteCount + vector.count * 4
    case .coded(let codes, _), .byteCoded(let codes, _): codes.byteCount
    case .offsets(let offsets): offsets.lanes.byteCount
    }
  }
}

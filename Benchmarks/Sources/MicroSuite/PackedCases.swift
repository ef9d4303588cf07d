import CMeasure
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Filters and sums over pages as they are stored, decoded into narrow lanes on the way. Bytes are
/// those of the values in the width of their type, so that the cases compare with those of columns
/// in memory; fewer are read.
enum PackedCases {
  private static let rowCount = 16 << 20

  static func all() throws -> [MicroCase] {
    let numbers = Lazily {
      try segment(.int32) {
        Samples.fixed(Int32.self, count: rowCount, seed: 51) { random, _ in
          Int32(random.next() % 2000)
        }
      }
    }
    let names = Lazily { try codes(entryCount: 7) }
    return [
      try filter("int32, 11 bits packed", .int32, numbers, Field("c").isBetween(200, 399)),
      try filter(
        "dictionary codes packed, one of 7", .string, names, Field("c") == "customer name 3"),
      try sum("int32, 11 bits packed", .int32, numbers),
    ]
  }

  private static func segment(
    _ type: DataType, _ values: () -> AlignedBuffer
  ) throws -> SegmentReader {
    try segment(ColumnVector(type: type, count: rowCount, body: .fixed(values())))
  }

  private static func codes(entryCount: Int) throws -> SegmentReader {
    try segment(Samples.coded(entryCount: entryCount, count: rowCount, seed: 52))
  }

  private static func segment(_ vector: ColumnVector) throws -> SegmentReader {
    let schema = try Schema([("c", vector.type, false)], sortKeyCount: 1)
    let batch = ColumnBatch(schema: schema, rowCount: vector.count, columns: [vector])
    let bytes = try SegmentWriter.encode(batch, options: SegmentOptions(compression: .none)).bytes
    return try SegmentReader(file: MemoryFile(path: "packed", bytes: bytes))
  }

  private static func forEachPage(
    _ segment: SegmentReader, _ body: (ColumnVector) throws -> Void
  ) throws {
    var work = PageWork()
    for page in 0..<segment.pageCount {
      try body(segment.readPage(column: 0, page: page, form: .narrow, work: &work))
    }
  }

  private static func filter(
    _ name: String, _ type: DataType, _ segment: Lazily<SegmentReader>, _ predicate: Predicate
  ) throws -> MicroCase {
    let schema = try Schema([("c", type, false)], sortKeyCount: 1)
    let bound = try predicate.bound(to: schema)
    return MicroCase(
      "filter", name, byteCount: rowCount * 4, valueCount: rowCount, ceiling: .memoryRead,
      note: "decoding included"
    ) {
      let segment = try segment.get()
      return {
        var evaluator = PredicateEvaluator(bound)
        try forEachPage(segment) { page in
          cm_consume(evaluator.evaluate(rowCount: page.count) { _ in page }.words[0])
        }
      }
    }
  }

  private static func sum(
    _ name: String, _ type: DataType, _ segment: Lazily<SegmentReader>
  ) throws -> MicroCase {
    let schema = try Schema([("c", type, false)], sortKeyCount: 1)
    let bound = try Aggregate.sum("c").bound(to: schema)
    return MicroCase(
      "sum", name, byteCount: rowCount * 4, valueCount: rowCount, ceiling: .memoryRead,
      note: "decoding included"
    ) {
      let segment = try segment.get()
      return {
        let aggregation = Aggregation(schema: schema, groupBy: [], aggregates: [bound])
        try forEachPage(segment) { page in
          try aggregation.add(rowCount: page.count, selection: nil) { _ in page }
        }
        cm_consume(UInt64(try aggregation.rows().count))
      }
    }
  }
}

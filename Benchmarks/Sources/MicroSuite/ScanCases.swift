import CMeasure
import ScanKernels
import StorageBase

/// Filters and sums over columns in memory that are too large for the caches, page by page.
enum ScanCases {
  private static let byteCount = 128 << 20

  static func all() throws -> [MicroCase] {
    let int32 = Lazily {
      Samples.pages(.int32, count: byteCount / 4, seed: 31, of: Int32.self) { random, _ in
        Int32(random.next() % 1000)
      }
    }
    let int64 = Lazily {
      Samples.pages(.int64, count: byteCount / 8, seed: 32, of: Int64.self) { random, _ in
        Int64(random.next() % 1000)
      }
    }
    let double = Lazily {
      Samples.pages(.double, count: byteCount / 8, seed: 33, of: Double.self) { random, _ in
        Double(random.next() % 1000)
      }
    }
    let codes = Lazily { codePages() }
    let range = Field("c").isBetween(100, 199)
    return [
      try filter("int32, 10 % pass", .int32, width: 4, int32, range),
      try filter("int64, 10 % pass", .int64, width: 8, int64, range),
      try filter(
        "double, 10 % pass", .double, width: 8, double, Field("c").isBetween(100.0, 199.0)),
      try filter(
        "dictionary codes, one of 7", .string, width: 4, codes, Field("c") == "status 3"),
      try filter(
        "dictionary codes, 3 of 7", .string, width: 4, codes,
        Field("c").isOneOf(["status 0", "status 3", "status 5"])),
      try sum("int32", .int32, width: 4, int32),
      try sum("int64", .int64, width: 8, int64),
      try sum("double", .double, width: 8, double),
    ]
  }

  /// One dictionary for all pages.
  private static func codePages() -> [ColumnVector] {
    let names = StringTable((0..<7).map { "status \($0)" })
    return Samples.pages(.int32, count: byteCount / 4, seed: 34, of: UInt32.self) { random, _ in
      UInt32(random.next() % 7)
    }.map { page in
      guard case .fixed(let codes) = page.body else { preconditionFailure("made as numbers") }
      return ColumnVector(
        type: .string, count: page.count, body: .coded(codes: codes, dictionary: names))
    }
  }

  private static func filter(
    _ name: String, _ type: DataType, width: Int, _ pages: Lazily<[ColumnVector]>,
    _ predicate: Predicate
  ) throws -> MicroCase {
    let schema = try Schema([("c", type, false)], sortKeyCount: 1)
    let bound = try predicate.bound(to: schema)
    return MicroCase(
      "filter", name, byteCount: byteCount, valueCount: byteCount / width, ceiling: .memoryRead
    ) {
      let pages = try pages.get()
      return {
        var evaluator = PredicateEvaluator(bound)
        for page in pages {
          let rows = evaluator.evaluate(rowCount: page.count) { _ in page }
          cm_consume(rows.words[0])
        }
      }
    }
  }

  private static func sum(
    _ name: String, _ type: DataType, width: Int, _ pages: Lazily<[ColumnVector]>
  ) throws -> MicroCase {
    let schema = try Schema([("c", type, false)], sortKeyCount: 1)
    let bound = try Aggregate.sum("c").bound(to: schema)
    return MicroCase(
      "sum", name, byteCount: byteCount, valueCount: byteCount / width, ceiling: .memoryRead
    ) {
      let pages = try pages.get()
      return {
        let aggregation = Aggregation(schema: schema, groupBy: [], aggregates: [bound])
        for page in pages {
          try aggregation.add(rowCount: page.count, selection: nil) { _ in page }
        }
        cm_consume(UInt64(try aggregation.rows().count))
      }
    }
  }
}

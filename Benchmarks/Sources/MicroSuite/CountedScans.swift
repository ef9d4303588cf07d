import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Scans like the first and the sixth query of TPC-H, over narrow columns made from seeds, and a
/// group-by that has to hash: what a page costs beside its kernels.
enum CountedScans {
  private static let rowCount = 1 << 19

  static func all() throws -> [MicroCase] {
    let bytes = try SegmentWriter.encode(lineItems(), options: SegmentOptions()).bytes
    let segment = try SegmentReader(file: MemoryFile(path: "line items", bytes: bytes))
    return [
      scan("narrow scan, computed sums of groups", segment, computedSumsOfGroups),
      scan("narrow scan, filtered computed sum", segment, filteredComputedSum),
      scan("scan, group by hashed integers", segment, hashedGroups),
    ]
  }

  static func scan(_ name: String, _ segment: SegmentReader, _ query: Query) -> MicroCase {
    MicroCase("page", name, byteCount: 0, valueCount: segment.pageCount) {
      { _ = try QueryExecutor.run(query, over: [segment], schema: segment.schema) }
    }
  }

  private static var computedSumsOfGroups: Query {
    let net = Expression.column("price") * (1 - .column("discount"))
    return Query.grouping(by: "flag", "status")
      .computing(.sum("quantity")).computing(.sum("price"))
      .computing(.sum(of: net)).computing(.sum(of: net * (1 + .column("tax"))))
      .computing(.average("quantity")).computing(.average("discount")).computing(.countAll)
      .filtered(by: Field("day") <= 2400)
  }

  private static var filteredComputedSum: Query {
    Query.computing(.sum(of: .column("price") * .column("discount")))
      .filtered(
        by: Field("day").isBetween(800, 1200) && Field("discount").isBetween(0.05, 0.07)
          && Field("quantity") < 24)
  }

  private static var hashedGroups: Query {
    Query.grouping(by: "supplier").computing(.sum("price"), as: "revenue")
      .ordered(by: "revenue", .descending).limited(to: 10)
  }

  private static func lineItems() throws -> ColumnBatch {
    let money = DataType.decimal(precision: 15, scale: 2)
    let schema = try Schema(
      [
        ("id", .int64, false), ("day", .int32, false), ("quantity", money, false),
        ("price", money, false), ("discount", money, false), ("tax", money, false),
        ("flag", .string, false), ("status", .string, false), ("supplier", .int64, false),
      ], sortKeyCount: 1)
    return ColumnBatch(
      schema: schema, rowCount: rowCount,
      columns: [
        numbers(.int64, seed: 60) { Int64($1) },
        numbers(.int32, seed: 61) { random, _ in Int32(random % 2526) },
        numbers(money, seed: 62) { random, _ in Int64(random % 50 + 1) * 100 },
        numbers(money, seed: 63) { random, _ in Int64(random % 10_000_000) + 90_000 },
        numbers(money, seed: 64) { random, _ in Int64(random % 11) },
        numbers(money, seed: 65) { random, _ in Int64(random % 9) },
        Samples.coded(entryCount: 3, count: rowCount, seed: 66),
        Samples.coded(entryCount: 2, count: rowCount, seed: 67),
        // So far apart that they cannot index an array.
        numbers(.int64, seed: 68) { random, _ in Int64(random % 1000) * 7_919_000_003 },
      ])
  }

  private static func numbers<T: BitwiseCopyable>(
    _ type: DataType, seed: UInt64, _ make: (UInt64, Int) -> T
  ) -> ColumnVector {
    let values = Samples.fixed(T.self, count: rowCount, seed: seed) { random, row in
      make(random.next(), row)
    }
    return ColumnVector(type: type, count: rowCount, body: .fixed(values))
  }
}

import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Loops that must not allocate, retain or release for every row: their calls are counted, which
/// gives the same figures at every run, and held by thresholds.
enum CountedCases {
  static func all() throws -> [MicroCase] {
    let orders = try IngestCases.orders(count: 1 << 17)
    let segment = try SegmentReader(
      file: MemoryFile(
        path: "orders", bytes: SegmentWriter.encode(orders, options: SegmentOptions()).bytes))
    return try [
      decode(segment),
      CountedScans.scan(
        "scan, filter and sum", segment,
        Query.computing(.sum("amount")).filtered(by: Field("quantity") <= 2)),
      CountedScans.scan(
        "scan, group by a string", segment,
        Query.grouping(by: "city").computing(.countAll).computing(.sum("amount"))),
      CountedScans.scan(
        "scan, group by an integer", segment,
        Query.grouping(by: "product_id").computing(.countAll)),
      CountedScans.scan(
        "scan, select one row", segment, Query.selectingAll().limited(to: 1)),
      merge(), load(), commit(), wide(),
    ] + CountedScans.all()
  }

  private static func decode(_ segment: SegmentReader) -> MicroCase {
    let columnCount = segment.schema.columns.count
    return MicroCase(
      "page of a column", "decode", byteCount: 0, valueCount: segment.pageCount * columnCount
    ) {
      {
        var work = PageWork()
        for column in 0..<columnCount {
          for page in 0..<segment.pageCount {
            _ = try segment.readPage(column: column, page: page, work: &work)
          }
        }
      }
    }
  }

  private static func merge() throws -> MicroCase {
    let rowCount = 1 << 14
    let batch = try IngestCases.orders(count: rowCount)
    return MicroCase(
      "1 000 rows", "merge of 8 inputs", byteCount: 0, valueCount: rowCount * 8 / 1000
    ) {
      let store = try StoreCases.makeStore(buckets: 1)
      for _ in 0..<8 { try store.load(batch, into: StoreCases.tableName) }
      return { try StoreCases.mergeAll(of: store) }
    }
  }

  private static func load() throws -> MicroCase {
    let batch = try IngestCases.orders(count: 20)
    return MicroCase("load of 20 rows", "sort and encode", byteCount: 0, valueCount: 100) {
      let store = try StoreCases.makeStore(buckets: 1)
      return {
        for _ in 0..<100 {
          let builder = try store.beginLoad(into: StoreCases.tableName)
          try builder.append(batch)
          _ = try builder.prepare()
        }
      }
    }
  }

  private static func wide() throws -> MicroCase {
    let batch = try WideCases.batch()
    return MicroCase(
      "column of a wide load", "encode", byteCount: 0, valueCount: WideCases.columnCount
    ) {
      { _ = try SegmentWriter.encode(batch, options: SegmentOptions()) }
    }
  }

  private static func commit() throws -> MicroCase {
    MicroCase("load of 20 rows", "commit", byteCount: 0, valueCount: 100) {
      let store = try StoreCases.makeStore(buckets: 1)
      let loads = try StoreCases.preparedLoads(store, count: 100, rowCount: 20)
      return { for load in loads { try store.commit(load) } }
    }
  }
}

import CMeasure
import ScanKernels
import StorageBase

/// GROUP BY with a count and a sum, over 4 M rows in memory.
enum GroupCases {
  private static let rowCount = 4 << 20

  static func all() throws -> [MicroCase] {
    [
      try group("7 strings", .string, keyWidth: 4) { strings(entryCount: 7) },
      try group("5 000 strings", .string, keyWidth: 4) { strings(entryCount: 5000) },
      try group("200 000 integers", .int32, keyWidth: 4) {
        Samples.pages(.int32, count: rowCount, seed: 42, of: Int32.self) { random, _ in
          Int32(random.next() % 200_000) &* 10_007
        }
      },
    ]
  }

  /// A dictionary for each page, as segments have it.
  private static func strings(entryCount: Int) -> [ColumnVector] {
    (0..<rowCount / Samples.pageRowCount).map { page in
      Samples.coded(
        entryCount: entryCount, count: Samples.pageRowCount, seed: 41 &+ UInt64(page))
    }
  }

  private static func group(
    _ name: String, _ type: DataType, keyWidth: Int, _ makeKeys: @escaping () -> [ColumnVector]
  ) throws -> MicroCase {
    let schema = try Schema([("key", type, false), ("amount", .int64, false)], sortKeyCount: 1)
    let aggregates = [
      try Aggregate.countAll.bound(to: schema), try Aggregate.sum("amount").bound(to: schema),
    ]
    let keys = Lazily(makeKeys)
    let amounts = Lazily {
      Samples.pages(.int64, count: rowCount, seed: 43, of: Int64.self) { random, _ in
        Int64(random.next() % 100_000)
      }
    }
    return MicroCase(
      "group by", name, byteCount: rowCount * (keyWidth + 8), valueCount: rowCount,
      ceiling: .memoryRead
    ) {
      let pages = zip(try keys.get(), try amounts.get()).map { [$0, $1] }
      return {
        let aggregation = Aggregation(schema: schema, groupBy: [0], aggregates: aggregates)
        for page in pages {
          try aggregation.add(rowCount: page[0].count, selection: nil) { page[$0] }
        }
        cm_consume(UInt64(aggregation.groups.count))
      }
    }
  }
}

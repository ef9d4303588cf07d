import CMeasure
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// The hash table behind GROUP BY, filled and looked up, and a Bloom filter asked.
enum HashCases {
  private static let distinctCount = 200 * Samples.pageRowCount
  private static let probeCount = 1 << 20

  static func all() throws -> [MicroCase] {
    let schema = try Schema([("key", .int64, false)], sortKeyCount: 1)
    let count = [try Aggregate.countAll.bound(to: schema)]
    // Odd multiples: all distinct, and far apart.
    let keys = Lazily {
      Samples.pages(.int64, count: distinctCount, seed: 0, of: Int64.self) { random, _ in
        Int64(truncatingIfNeeded: random.next())
      }
    }
    let filled = Lazily {
      let aggregation = Aggregation(schema: schema, groupBy: [0], aggregates: count)
      try add(keys.get(), to: aggregation)
      return aggregation
    }
    return [
      MicroCase(
        "hash table", "build, 1.6 M integers", byteCount: distinctCount * 8,
        valueCount: distinctCount, ceiling: .memoryRead
      ) {
        let pages = try keys.get()
        return {
          let aggregation = Aggregation(schema: schema, groupBy: [0], aggregates: count)
          try add(pages, to: aggregation)
          cm_consume(UInt64(aggregation.groups.count))
        }
      },
      MicroCase(
        "hash table", "probe, 1.6 M integers", byteCount: distinctCount * 8,
        valueCount: distinctCount, ceiling: .memoryRead
      ) {
        let pages = try keys.get()
        let aggregation = try filled.get()
        return { try add(pages, to: aggregation) }
      },
      bloomProbe(isPresent: true), bloomProbe(isPresent: false),
    ]
  }

  private static func add(_ pages: [ColumnVector], to aggregation: Aggregation) throws {
    for page in pages {
      try aggregation.add(rowCount: page.count, selection: nil) { _ in page }
    }
  }

  /// Even numbers are in the filter, odd ones are not.
  private static func bloomProbe(isPresent: Bool) -> MicroCase {
    let segment = Lazily {
      let schema = try Schema([("c", .int64, false)], sortKeyCount: 1)
      let values = Samples.fixed(Int64.self, count: probeCount, seed: 61) { _, row in
        Int64(row) * 2
      }
      let vector = ColumnVector(type: .int64, count: probeCount, body: .fixed(values))
      let options = SegmentOptions(filters: [ColumnFilter(column: schema.columns[0].id)])
      let batch = ColumnBatch(schema: schema, rowCount: probeCount, columns: [vector])
      let bytes = try SegmentWriter.encode(batch, options: options).bytes
      return try SegmentReader(file: MemoryFile(path: "filter", bytes: bytes))
    }
    return MicroCase(
      "Bloom filter", "probe, \(isPresent ? "present" : "absent")", byteCount: 0,
      valueCount: probeCount, note: "one at a time, through the reader of the segment"
    ) {
      let segment = try segment.get()
      return {
        var found: UInt64 = 0
        for row in 0..<probeCount {
          let value = Value.integer(Int128(row * 2 + (isPresent ? 0 : 1)))
          if try segment.mayContain(column: 0, value: value) { found += 1 }
        }
        cm_consume(found)
      }
    }
  }
}

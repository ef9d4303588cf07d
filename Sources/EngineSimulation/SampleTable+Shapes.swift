import InvertedIndex
import SegmentFormat
import StorageBase
import TabletEngine

extension SampleTable {
  /// The tables of a simulation: different types, keys, numbers of tablets and pages.
  /// - Parameters:
  ///   - isIndexed: whether they have filters and inverted indexes.
  ///   - durability: of the next table.
  static func all(isIndexed: Bool, durability: () -> Durability) throws -> [SampleTable] {
    [
      try orders(isIndexed: isIndexed, durability()), try readings(durability()),
      try texts(isIndexed: isIndexed, durability()),
    ]
  }

  private static let id = SampleColumn(name: "id", type: .int64) { .integer(Int128($1)) }

  private static func orders(isIndexed: Bool, _ durability: Durability) throws -> SampleTable {
    let columns = [
      SampleColumn(name: "user_id", type: .int64) { bits, _ in .integer(Int128(bits % 50)) },
      SampleColumn(name: "at", type: .datetime) { bits, _ in .integer(Int128((bits >> 8) % 1000)) },
      SampleColumn(name: "status", type: .string, isNullable: true) { bits, _ in
        (bits >> 20) % 4 == 0
          ? .null : .string(["paid", "shipped", "new"][Int((bits >> 24) % 3)])
      },
      SampleColumn(name: "amount", type: .decimal(precision: 12, scale: 2)) { bits, _ in
        .integer(Int128((bits >> 30) % 100_000))
      }, id,
    ]
    return try SampleTable(number: 0, columns: columns, sortKeyCount: 2) { schema in
      let ids = schema.columns.map(\.id)
      return try TableDefinition(
        name: "orders", schema: schema, bucketCount: 2,
        segmentOptions: SegmentOptions(
          rowsPerPage: 16,
          filters: isIndexed ? [ColumnFilter(column: ids[3], falsePositiveRate: 0.05)] : []),
        indexes: isIndexed
          ? [
            ColumnIndex(column: ids[2], options: IndexOptions(parser: .keyword)),
            ColumnIndex(column: ids[3]),
          ] : [], durability: durability)
    }
  }

  private static func readings(_ durability: Durability) throws -> SampleTable {
    let columns = [
      SampleColumn(name: "sensor", type: .int32) { bits, _ in .integer(Int128(bits % 9)) },
      SampleColumn(name: "day", type: .date) { bits, _ in
        .integer(Int128(20_000 + (bits >> 8) % 30))
      },
      SampleColumn(name: "value", type: .double, isNullable: true) { bits, _ in
        (bits >> 20) % 5 == 0 ? .null : .floating(Double((bits >> 24) % 10_000) / 8)
      },
      SampleColumn(name: "is_valid", type: .bool) { bits, _ in .integer(Int128((bits >> 40) % 2)) },
      SampleColumn(name: "total", type: .decimal(precision: 30, scale: 4)) { bits, _ in
        .integer(Int128(bits) * 1_000_003)
      }, id,
    ]
    return try SampleTable(number: 1, columns: columns, sortKeyCount: 1) { schema in
      try TableDefinition(
        name: "readings", schema: schema,
        segmentOptions: SegmentOptions(rowsPerPage: 64, compression: .zstd(level: 1)),
        durability: durability)
    }
  }

  /// Sorted by what rises from load to load, so that rowsets follow one another in key order.
  static func texts(isIndexed: Bool, _ durability: Durability) throws -> SampleTable {
    let words = ["river", "sand", "stone", "delta", "flood", "silt", "bank", "mud"]
    let columns = [
      id, SampleColumn(name: "code", type: .string) { bits, _ in .string("code \(bits % 17)") },
      SampleColumn(name: "body", type: .string, isNullable: true) { bits, id in
        let chosen = (0..<Int(bits % 7)).map { words[Int((bits >> (8 + 4 * UInt64($0))) % 8)] }
        return bits % 7 == 0 ? .null : .string(chosen.joined(separator: " ") + " \(id)")
      },
    ]
    return try SampleTable(number: 2, columns: columns, sortKeyCount: 1) { schema in
      let body = schema.columns[2].id
      return try TableDefinition(
        name: "texts", schema: schema, distribution: ["id"], bucketCount: 3,
        segmentOptions: SegmentOptions(
          rowsPerPage: 8,
          filters: isIndexed ? [ColumnFilter(column: body, content: .ngrams(size: 3))] : []),
        indexes: isIndexed
          ? [ColumnIndex(column: body, options: IndexOptions(parser: .english))] : [],
        durability: durability)
    }
  }
}

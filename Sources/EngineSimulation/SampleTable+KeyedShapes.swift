import SegmentFormat
import StorageBase
import TabletEngine

extension SampleTable {
  /// Tables with unique keys, and one without beside them.
  /// - Parameters:
  ///   - options: of the next table, without a sequence column.
  ///   - isSequenced: whether the next table has a sequence column.
  ///   - rowStore: of the next table.
  static func keyed(
    isIndexed: Bool, durability: () -> Durability, options: () -> UniqueKeyOptions,
    isSequenced: () -> Bool, rowStore: () -> StoredRows?
  ) throws -> [SampleTable] {
    [
      try states(durability(), options(), isSequenced(), rowStore()),
      try profiles(durability(), options(), isSequenced(), rowStore()),
      try texts(isIndexed: isIndexed, durability()),
    ]
  }

  private static let values = [
    SampleColumn(name: "moment", type: .int32, isNullable: true) { bits, _ in
      moment(bits).map { .integer(Int128($0)) } ?? .null
    },
    SampleColumn(name: "id", type: .int64, defaultValue: .integer(-1)) { .integer(Int128($1)) },
    SampleColumn(name: "state", type: .string, isNullable: true) { bits, id in
      (bits >> 32) % 5 == 0 ? .null : .string("state \(id)")
    },
  ]

  @Sendable private static func moment(_ bits: UInt64) -> Int? {
    (bits >> 20) % 16 == 0 ? nil : Int((bits >> 20) % 16)
  }

  private static func options(_ options: UniqueKeyOptions, _ isSequenced: Bool) -> UniqueKeyOptions
  {
    var options = options
    options.sequenceColumn = isSequenced ? "moment" : nil
    return options
  }

  /// One key column, one tablet.
  private static func states(
    _ durability: Durability, _ options: UniqueKeyOptions, _ isSequenced: Bool,
    _ rowStore: StoredRows?
  ) throws -> SampleTable {
    let keys = Keys(
      shardCount: 1, sequence: isSequenced ? (1, moment) : nil,
      values: { [.integer(Int128($0 * 7 - 50))] },
      key: { values in
        guard case .integer(let value) = values[0] else { return nil }
        return (Int(value) + 50) / 7
      })
    let key = SampleColumn(name: "key", type: .int64) { keys.values(keys.key($0, $1))[0] }
    return try SampleTable(
      number: 0, columns: [key] + values, sortKeyCount: 1, keys: keys
    ) { schema in
      try TableDefinition(
        name: "states", schema: schema, segmentOptions: SegmentOptions(rowsPerPage: 8),
        durability: durability, uniqueKeys: Self.options(options, isSequenced),
        rowStore: rowStore)
    }
  }

  /// Keys of two columns, one of them a string that may be null, and two tablets.
  private static func profiles(
    _ durability: Durability, _ options: UniqueKeyOptions, _ isSequenced: Bool,
    _ rowStore: StoredRows?
  ) throws -> SampleTable {
    let shardCount = 4
    let keys = Keys(
      shardCount: shardCount, sequence: isSequenced ? (2, moment) : nil,
      values: { key in
        let name = key / shardCount
        return [
          .integer(Int128(key % shardCount)), name == 2 ? .null : .string("name \(name)"),
        ]
      },
      key: { values in
        guard case .integer(let shard) = values[0] else { return nil }
        guard case .string(let text) = values[1] else { return 2 * shardCount + Int(shard) }
        return Int(text.dropFirst(5)).map { $0 * shardCount + Int(shard) }
      })
    let columns = [
      SampleColumn(name: "shard", type: .int32) { keys.values(keys.key($0, $1))[0] },
      SampleColumn(name: "name", type: .string, isNullable: true) {
        keys.values(keys.key($0, $1))[1]
      },
    ]
    return try SampleTable(
      number: 1, columns: columns + values, sortKeyCount: 2, keys: keys
    ) { schema in
      try TableDefinition(
        name: "profiles", schema: schema, distribution: ["shard"], bucketCount: 2,
        segmentOptions: SegmentOptions(rowsPerPage: 16, compression: .zstd(level: 1)),
        durability: durability, uniqueKeys: Self.options(options, isSequenced),
        rowStore: rowStore)
    }
  }
}

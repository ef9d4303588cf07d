import SegmentFormat
import StorageBase
import TabletEngine

extension SampleTable {
  /// Tables with unique keys, and one without beside them.
  /// - Parameters:
  ///   - options: of the next table, without a sequence column.
  ///   - isSequenced: whether the next table has a sequence column.
  static func keyed(
    isIndexed: Bool, durability: () -> Durability, options: () -> UniqueKeyOptions,
    isSequenced: () -> Bool
  ) throws -> [SampleTable] {
    [
      try states(durability(), options(), isSequenced()),
      try profiles(durability(), options(), isSequenced()),
      try texts(isIndexed: isIndexed, durability()),
    ]
  }

  private static let values = [
    Column(name: "moment", type: .int32, isNullable: true) { bits, _ in
      moment(bits).map { .integer(Int128($0)) } ?? .null
    },
    Column(name: "id", type: .int64) { .integer(Int128($1)) },
    Column(name: "state", type: .string, isNullable: true) { bits, id in
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
    _ durability: Durability, _ options: UniqueKeyOptions, _ isSequenced: Bool
  ) throws -> SampleTable {
    let keys = Keys(shardCount: 1, sequence: isSequenced ? moment : nil)
    let key = Column(name: "key", type: .int64) { bits, id in
      .integer(Int128(keys.key(bits, id) * 7 - 50))
    }
    return try SampleTable(
      number: 0, columns: [key] + values, sortKeyCount: 1, keys: keys
    ) { schema in
      try TableDefinition(
        name: "states", schema: schema, segmentOptions: SegmentOptions(rowsPerPage: 8),
        durability: durability, uniqueKeys: Self.options(options, isSequenced))
    }
  }

  /// Keys of two columns, one of them a string that may be null, and two tablets.
  private static func profiles(
    _ durability: Durability, _ options: UniqueKeyOptions, _ isSequenced: Bool
  ) throws -> SampleTable {
    let shardCount = 4
    let keys = Keys(shardCount: shardCount, sequence: isSequenced ? moment : nil)
    let columns = [
      Column(name: "shard", type: .int32) { bits, id in
        .integer(Int128(keys.key(bits, id) % shardCount))
      },
      Column(name: "name", type: .string, isNullable: true) { bits, id in
        let name = keys.key(bits, id) / shardCount
        return name == 2 ? .null : .string("name \(name)")
      },
    ]
    return try SampleTable(
      number: 1, columns: columns + values, sortKeyCount: 2, keys: keys
    ) { schema in
      try TableDefinition(
        name: "profiles", schema: schema, distribution: ["shard"], bucketCount: 2,
        segmentOptions: SegmentOptions(rowsPerPage: 16, compression: .zstd(level: 1)),
        durability: durability, uniqueKeys: Self.options(options, isSequenced))
    }
  }
}

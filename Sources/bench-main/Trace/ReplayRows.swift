import IngestDriver
import PolicyLab
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// What rows are loaded where only their number, or their bytes, are given.
enum ReplayRows: Hashable, Sendable {
  /// Order events, several of which may have one key.
  case events
  /// States of orders, one a key: each row a new one, or, where a number is given, one drawn evenly
  /// from so many.
  case states(keyCount: Int?)

  func factory(seed: UInt64) throws -> any BatchSourceFactory {
    switch self {
    case .events:
      var parameters = OrderEvents.Parameters()
      parameters.seed = seed
      return try OrderEvents(parameters)
    case .states(let keyCount):
      var parameters = OrderStates.Parameters()
      parameters.seed = seed
      parameters.hitPercentage = keyCount == nil ? 0 : 100
      parameters.knownCount = keyCount ?? 1
      parameters.skew = 0
      return try OrderStates(parameters)
    }
  }

  /// A table of one tablet.
  func definition(named name: String, schema: Schema) throws -> TableDefinition {
    switch self {
    case .events:
      try TableDefinition(
        name: name, schema: schema, distribution: ["user_id"], bucketCount: 1)
    case .states:
      try TableDefinition(
        name: name, schema: schema, distribution: ["order_id"], bucketCount: 1,
        uniqueKeys: UniqueKeyOptions())
    }
  }

  /// How large loads of such rows are, measured on loads of more and more rows in memory.
  /// - Parameter byteCountMax: larger ones are not needed.
  func sizes(seed: UInt64, upTo byteCountMax: Int) throws -> RowsetSizes? {
    let factory = try factory(seed: seed)
    let store = try Store.create(
      "/sizes", files: MemoryFileSystem(), clock: SystemClock(), entropy: 1,
      options: StoreOptions(backPressure: .none))
    try store.createTable(definition(named: "sizes", schema: factory.schema))
    let source = try factory.makeSource(writer: 0, writerCount: 1)
    var rowsets: [RowsetSummary] = []
    var rowCount = 1
    while rowCount <= Self.sizedRowCountMax, let batch = try source.nextBatch(maxRows: rowCount) {
      let builder = try store.beginLoad(into: "sizes")
      try builder.append(batch)
      let byteCount = try store.commit(builder.prepare()).byteCount
      rowsets.append(
        RowsetSummary(
          versions: .initial, byteCount: byteCount, rowCount: batch.rowCount,
          createdAt: Timestamp(rawValue: 0)))
      if byteCount >= byteCountMax { break }
      rowCount *= 4
    }
    return RowsetSizes(rowsets)
  }

  /// Rows of larger rowsets have about as many bytes each.
  private static let sizedRowCountMax = 1 << 18
}

/// Which keys of a tablet have been loaded, where they are numbers from 1 on. Not thread-safe.
struct SeenKeys {
  private var words: [UInt64] = []
  private(set) var count = 0

  mutating func add(_ keys: UnsafeBufferPointer<Int64>) {
    for key in keys where key >= 0 {
      let (word, bit) = (Int(key >> 6), UInt64(1) << UInt64(key & 63))
      if word >= words.count {
        words += [UInt64](repeating: 0, count: max(words.count, word + 1 - words.count))
      }
      if words[word] & bit == 0 {
        words[word] |= bit
        count += 1
      }
    }
  }
}

import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

/// The tables that are filled: one for each durability.
enum WriterTables {
  static let synced = "synced"
  static let grouped = "grouped"
  static let loose = "loose"

  private static func schema() throws -> Schema {
    try Schema(
      [("operation", .int64, false), ("ordinal", .int32, false), ("text", .string, false)],
      sortKeyCount: 2)
  }

  /// Opens the store, or creates it, with all tables. Small limits, so that files, checkpoints and
  /// merges are met often.
  static func openStore(_ path: String) throws -> Store {
    var options = StoreOptions(
      inlineRowsetByteCountMax: 700, logFileByteCountMax: 100_000, staleGraceSeconds: 0.05)
    options.groupLoadSeconds = 0.03
    let files = PosixFileSystem()
    let clock = SystemClock()
    let store =
      try files.exists(path + "/SEDIMENT")
      ? try Store.open(path, files: files, clock: clock, options: options)
      : try Store.create(
        path, files: files, clock: clock, entropy: mixBits(UInt64(clock.now().rawValue)),
        options: options)
    let durabilities: [(String, Durability)] = [
      (synced, .sync), (grouped, .group(milliseconds: 20)), (loose, .none),
    ]
    let known = Set(store.snapshot().map(\.definition.name))
    for (name, durability) in durabilities where !known.contains(name) {
      try store.createTable(
        TableDefinition(name: name, schema: schema(), bucketCount: 2, durability: durability))
    }
    return store
  }

  /// Rows that say which operation they are of.
  static func batch(operation: Int64, rowCount: Int) throws -> ColumnBatch {
    let schema = try schema()
    let builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: rowCount) }
    for row in 0..<rowCount {
      builders[0].append(integer: operation)
      builders[1].append(integer: Int64(row))
      builders[2].append(string: "row \(row) of \(operation &* 0x9E37_79B9)")
    }
    return ColumnBatch(
      schema: schema, rowCount: rowCount, columns: builders.map { $0.finish() })
  }
}

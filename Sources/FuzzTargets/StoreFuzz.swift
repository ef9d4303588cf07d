import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

/// Opens a store, on a file system in memory, whose log or checkpoint is hostile.
enum StoreFuzz {
  private static let path = "/store"
  private static let storeID: UInt64 = 7
  private static let byteCountMax = 1 << 18

  /// The first byte chooses: even, the rest is the payload of a frame after a log that creates a
  /// table; odd, the rest is everything after the header of the log.
  static func runLog(_ input: [UInt8]) throws {
    guard let choice = input.first, input.count <= byteCountMax else { return }
    let files = try makeStore()
    let log = path + "/log/0000000001.log"
    let rest = Array(input.dropFirst())
    if choice % 2 == 0 {
      let file = try files.openForAppending(log, cause: .log)
      try file.append(frame(number: 2, payload: rest))
    } else {
      let header = try contents(files, log).prefix(32)
      try replace(files, log, header + rest)
    }
    try open(files)
  }

  /// The first byte is the format; the rest are the bytes of a checkpoint behind its magic, format
  /// and store id, without the checksum.
  static func runCheckpoint(_ input: [UInt8]) throws {
    guard let format = input.first, input.count <= byteCountMax else { return }
    let files = try makeCheckpointedStore()
    var writer = ByteWriter()
    writer.append(contentsOf: Array("SEDCKPT\0".utf8))
    writer.append(UInt32(format))
    writer.append(UInt32(0))
    writer.append(storeID)
    writer.append(contentsOf: Array(input.dropFirst()))
    writer.appendChecksum()
    try replace(files, checkpoint, writer.bytes)
    try open(files)
  }

  /// A log and a checkpoint of a small store, as `runLog` and `runCheckpoint` take them.
  static func seeds() throws -> (log: [UInt8], checkpoint: [UInt8]) {
    let files = MemoryFileSystem()
    let store = try makeStore(on: files)
    try loadAll(into: store)
    let log = try contents(files, path + "/log/0000000001.log")
    let state = try contents(makeCheckpointedStore(), checkpoint)
    return (Array([1] + log.dropFirst(32)), Array(state[8..<9] + state.dropFirst(24).dropLast(4)))
  }

  /// Something of everything: loads of one phase and of two, decided and not, group loads, a schema
  /// change.
  private static func loadAll(into store: Store) throws {
    try store.load(batch(), into: "t", label: "seed")
    for label in ["commits", "aborts", "waits"] {
      let transaction = try store.begin(label: label)
      try transaction.builder(for: "t").append(batch())
      try transaction.precommit()
    }
    try store.commit(label: "commits")
    try store.abort(label: "aborts")
    _ = try store.groupLoad(batch(), into: "t", mode: .async)
    try store.flushGroupLoads()
    _ = try store.groupLoad(batch(), into: "t", mode: .async)
    try store.alter(
      table: "t",
      [
        .renameColumn("text", to: "words"),
        .addColumn(name: "more", type: .string, defaultValue: .string("none")),
      ])
    try loadPartially(into: store)
  }

  /// Partial loads of a table with unique keys: one that was decided, and two that wait.
  private static func loadPartially(into store: Store) throws {
    let schema = try Schema(columns: schema().columns, sortKeyCount: 1, keysModel: .unique)
    try store.createTable(TableDefinition(name: "u", schema: schema, uniqueKeys: .init()))
    for (index, strategy) in ([.rewrite, .delta, .rewrite] as [PartialUpdate.Strategy]).enumerated()
    {
      let load = try store.beginFlexibleLoad(into: "u", strategy: strategy)
      let given = Bitmap(count: 5)
      given.set(index)
      let signs = Bitmap(count: 5)
      signs.set(4)
      try load.append(batch(), given: [nil, given], deleteSigns: signs)
      try store.precommit(load.prepare())
      if index == 0 { try store.commit(transaction: load.transaction) }
    }
  }

  private static let checkpoint = path + "/checkpoint/0000000002.ckpt"

  /// Its rowsets have files, so that the log before the checkpoint is gone and the checkpoint is
  /// the only way in.
  private static func makeCheckpointedStore() throws -> MemoryFileSystem {
    let files = MemoryFileSystem()
    let store = try makeStore(on: files, options: StoreOptions(inlineRowsetByteCountMax: 0))
    try loadAll(into: store)
    try store.checkpoint()
    return files
  }

  private static func batch() throws -> ColumnBatch {
    let keys = ColumnBuilder(type: .int64)
    let texts = ColumnBuilder(type: .string)
    for row in 0..<5 {
      keys.append(integer: Int64(row))
      texts.append(string: "text \(row)")
    }
    return ColumnBatch(
      schema: try schema(), rowCount: 5, columns: [keys.finish(), texts.finish()])
  }

  private static func schema() throws -> Schema {
    try Schema([("key", .int64, false), ("text", .string, true)], sortKeyCount: 1)
  }

  private static func makeStore(
    on files: MemoryFileSystem, options: StoreOptions = StoreOptions()
  ) throws -> Store {
    let store = try Store.create(
      path, files: files, clock: ManualClock(), entropy: storeID, options: options)
    try store.createTable(TableDefinition(name: "t", schema: schema(), bucketCount: 2))
    return store
  }

  private static func makeStore() throws -> MemoryFileSystem {
    let files = MemoryFileSystem()
    _ = try makeStore(on: files)
    return files
  }

  private static func contents(_ files: MemoryFileSystem, _ path: String) throws -> [UInt8] {
    let file = try files.openForReading(path, cause: .tool)
    return try file.read(at: 0, count: Int(file.byteCount))
  }

  private static func replace(
    _ files: MemoryFileSystem, _ path: String, _ bytes: some Sequence<UInt8>
  ) throws {
    if try files.exists(path) { try files.remove(path) }
    try files.create(path, cause: .tool).append(Array(bytes))
  }

  private static func frame(number: UInt64, payload: [UInt8]) -> [UInt8] {
    var checked = ByteWriter()
    checked.append(UInt32(payload.count))
    checked.append(number)
    checked.append(number - 1)
    checked.append(contentsOf: payload)
    var frame = ByteWriter()
    frame.append(UInt32(0x4D52_4653))
    frame.append(checked.bytes.withUnsafeBytes { crc32c($0) })
    frame.append(contentsOf: checked.bytes)
    return frame.bytes
  }

  /// Recovers, looks at everything that was recovered, and goes on with it.
  private static func open(_ files: MemoryFileSystem) throws {
    let store = try Store.open(path, files: files, clock: ManualClock())
    for problem in StoreVerifier(store).run().problems { precondition(!problem.isEmpty) }
    try store.sweepStaleRowsets()
    for (index, transaction) in store.allTransactions().enumerated()
    where !transaction.state.isFinal {
      if index % 2 == 0 {
        try store.commit(transaction: transaction.id)
      } else {
        try store.abort(transaction: transaction.id)
      }
    }
    try store.maintain()
    try store.checkpoint()
  }
}

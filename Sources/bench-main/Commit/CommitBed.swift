import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

/// Where the figures of `bench commit` are taken: a folder for stores of one measurement each, and
/// rows to load, made before anything is timed.
struct CommitBed: Sendable {
  let folder: String
  let rounds: Int
  /// How long each timed stretch takes.
  let seconds: Double
  let bucketCount: Int
  private let orders: OrderEvents

  static let table = "orders"
  /// Different loads of each client; it sends them again and again.
  private static let batchesPerClient = 16

  init(folder: String, rounds: Int, seconds: Double, bucketCount: Int) throws {
    self.folder = folder
    self.rounds = rounds
    self.seconds = seconds
    self.bucketCount = bucketCount
    orders = try OrderEvents()
  }

  /// Options under which nothing but loads happens: most measurements run without compaction, and
  /// then only the disk may refuse.
  var options: StoreOptions {
    StoreOptions(backPressure: .none, logFileByteCountMax: 1 << 40)
  }

  func definition(_ durability: Durability, name: String = table) throws -> TableDefinition {
    try TableDefinition(
      name: name, schema: orders.schema, distribution: ["user_id"], bucketCount: bucketCount,
      durability: durability)
  }

  /// Makes a store with an empty table of orders for `body`, and removes it.
  func withStore<Result>(
    _ options: StoreOptions, _ durability: Durability = .sync,
    _ body: (Store) throws -> Result
  ) throws -> Result {
    let path = folder + "/store"
    defer { DataDirectory.remove(path) }
    let store = try makeStore(path, options)
    try store.createTable(definition(durability))
    return try body(store)
  }

  func makeStore(_ path: String, _ options: StoreOptions) throws -> Store {
    try Store.create(
      path, files: PosixFileSystem(), clock: SystemClock(), entropy: 1, options: options)
  }

  /// Loads of a client, which it takes in turn.
  func batches(_ rowCount: Int, client: Int = 0, of clientCount: Int = 1) throws -> [ColumnBatch] {
    let source = try orders.makeSource(writer: client, writerCount: clientCount)
    return try (0..<Self.batchesPerClient).compactMap { _ in
      try source.nextBatch(maxRows: rowCount)
    }
  }

  /// A load that is sorted, encoded, and ready to be committed.
  func prepared(_ batch: ColumnBatch, in store: Store) throws -> PreparedLoad {
    let builder = try store.beginLoad(into: Self.table)
    try builder.append(batch)
    return try builder.prepare()
  }
}

import InvertedIndex
import StorageBase
import StorageIO
import TabletModel

/// What opening a store found and did.
public struct RecoveryReport: Hashable, Sendable {
  /// Log records replayed.
  public var records = 0
  /// Bytes of a torn frame cut off: loads that were never acknowledged.
  public var tornByteCount = 0
  /// Files of loads and compactions that never committed, removed.
  public var orphansRemoved: [String] = []
}

/// The parts of a store that is being opened.
struct OpenedStore {
  let layout: StoreLayout
  let options: StoreOptions
  let files: any FileSystem
  let clock: any TimeSource
  let identity: StoreIdentity
  let lock: any FileLock
  let catalogue: Catalogue
  let transactions: TransactionBook
  let groupLoads: [TableID: GroupLoadBuffer]
  let caches: StoreCaches
  let log: LogWriter
  let retention: LogRetention
  let nextRowsetID: UInt64
  let recovery: RecoveryReport
}

extension Store {
  /// Creates a store in `path`, which must not be one and must not hold other files.
  ///
  /// - Parameter entropy: random bits that make the store's id.
  public static func create(
    _ path: String, files: any FileSystem, clock: any TimeSource, entropy: UInt64,
    options: StoreOptions = StoreOptions()
  ) throws -> Store {
    let layout = StoreLayout(root: path)
    if try files.exists(path) {
      if try files.exists(layout.identity) {
        throw StorageError.alreadyExists(kind: "store", name: path)
      }
      let found = try files.listDirectory(path).filter { $0 != "LOCK" }
      guard found.allSatisfy({ ["log", "checkpoint", "data", "SEDIMENT.tmp"].contains($0) }) else {
        throw StorageError.notAStore(
          path: path,
          reason: "it holds other files (\(found.prefix(3).joined(separator: ", "))); "
            + "give an empty or new directory")
      }
    }
    try files.createDurableDirectory(path)
    for directory in [layout.logDirectory, layout.checkpointDirectory, layout.dataDirectory] {
      try files.createDirectory(directory)
    }
    let lock = try files.lock(layout.lock)
    let identity = StoreIdentity(storeID: entropy, createdAt: clock.now())
    let log = try LogWriter.create(
      files: files, layout: layout, storeID: identity.storeID, fileNumber: 1, nextFrame: 1,
      reservedByteCountMax: options.logReservedByteCountMax)
    // The identity comes last: a directory that has it is a complete store.
    try identity.write(files, layout: layout)
    return Store(
      OpenedStore(
        layout: layout, options: options, files: files, clock: clock, identity: identity,
        lock: lock, catalogue: Catalogue(), transactions: TransactionBook(),
        groupLoads: [:], caches: StoreCaches(options), log: log,
        retention: LogRetention(newest: .beginning), nextRowsetID: 1,
        recovery: RecoveryReport()))
  }

  /// Opens the store in `path` and recovers everything that was acknowledged.
  ///
  /// Time is linear in the newest checkpoint and the log after it.
  /// - Throws: `StorageError` naming file and offset when acknowledged loads cannot be recovered.
  public static func open(
    _ path: String, files: any FileSystem, clock: any TimeSource,
    options: StoreOptions = StoreOptions()
  ) throws -> Store {
    let layout = StoreLayout(root: path)
    let identity = try StoreIdentity.read(files, layout: layout)
    let lock = try files.lock(layout.lock)
    // Whoever created the store may have failed to make its name durable, and nothing may be
    // acknowledged in a store that a crash can take away.
    try files.syncDirectory(path, cause: .checkpoint)
    return try open(layout, identity, lock, files: files, clock: clock, options: options)
  }

  /// Opens a store that is locked already.
  static func open(
    _ layout: StoreLayout, _ identity: StoreIdentity, _ lock: any FileLock,
    files: any FileSystem, clock: any TimeSource, options: StoreOptions,
    toleratesLostInlineBytes: Bool = false
  ) throws -> Store {
    let caches = StoreCaches(options)
    var recovery = Recovery(
      files: files, layout: layout, storeID: identity.storeID, caches: caches,
      toleratesLostInlineBytes: toleratesLostInlineBytes)
    let log = try recovery.run(options)
    return Store(
      OpenedStore(
        layout: layout, options: options, files: files, clock: clock, identity: identity,
        lock: lock, catalogue: recovery.catalogue, transactions: recovery.transactions,
        groupLoads: try recovery.groupLoads(at: clock.now()), caches: caches, log: log,
        retention: LogRetention(newest: recovery.basis), nextRowsetID: recovery.nextRowsetID,
        recovery: recovery.report))
  }
}

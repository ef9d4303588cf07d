import StorageBase
import StorageIO
import Synchronization
import TabletModel

/// A directory of tables: the storage core. Thread-safe.
///
/// The core starts no threads: commits run on their callers' threads (one of them leads a group),
/// compactions on the executor that is given to `CompactionScheduler`. Readers take snapshots and
/// never wait.
public final class Store: Sendable {
  public let path: String
  public let options: StoreOptions
  public let files: any FileSystem
  public let clock: any TimeSource
  /// What recovery found when the store was opened.
  public let recovery: RecoveryReport
  let caches: StoreCaches
  let layout: StoreLayout
  let gate: LoadGate
  let identity: StoreIdentity
  private let lock: any FileLock
  private let catalogue: Mutex<Catalogue>
  let log: Mutex<LogWriter>
  let retention: Mutex<LogRetention>
  let checkpoints: CheckpointTurns
  private let commits = CommitQueue<CommitRequest, CommitReceipt>()
  let transactions: TransactionRegistry
  let groupLoads: GroupLoads
  let partialUpdates = PartialUpdateTurns()
  let nextRowset: Atomic<UInt64>
  /// Log files that a backup reads.
  let logPins = LogPins()
  private let observers = Mutex<[any StoreObserver]>([])

  init(_ opened: OpenedStore) {
    path = opened.layout.root
    options = opened.options
    files = opened.files
    clock = opened.clock
    recovery = opened.recovery
    caches = opened.caches
    layout = opened.layout
    gate = LoadGate(
      policy: opened.options.backPressure, versionCountMax: opened.options.tabletVersionCountMax,
      clock: opened.clock)
    identity = opened.identity
    lock = opened.lock
    catalogue = Mutex(opened.catalogue)
    log = Mutex(opened.log)
    checkpoints = CheckpointTurns(
      logByteCount: opened.log.byteCount,
      logFileByteCountMax: opened.options.logFileByteCountMax)
    retention = Mutex(opened.retention)
    nextRowset = Atomic(opened.nextRowsetID)
    transactions = TransactionRegistry(opened.transactions, clock: opened.clock)
    groupLoads = GroupLoads(
      opened.groupLoads, clock: opened.clock, seconds: opened.options.groupLoadSeconds)
  }

  /// Closes the store. Frames of the log that are not on disk yet are put there if possible.
  deinit {
    log.withLock { log in
      do {
        try log.sync()
        try log.trim()
      } catch {}
    }
  }

  /// Hears of every change from now on, on the committing thread; must return quickly.
  public func addObserver(_ observer: any StoreObserver) {
    observers.withLock { $0.append(observer) }
  }

  /// Ends what `addObserver` began. An observer that holds the store must be removed before either
  /// can be released.
  public func removeObserver(_ observer: any StoreObserver) {
    observers.withLock { $0.removeAll { $0 === observer } }
  }

  /// All tables as of now, in creation order: one consistent moment over the whole store.
  public func snapshot() -> [TableSnapshot] { catalogue.withLock { $0 }.orderedTables }

  /// One table as of now.
  /// - Throws: `StorageError.unknownName` listing the tables there are.
  public func snapshot(of table: String) throws -> TableSnapshot {
    try catalogue.withLock { $0 }.requireTable(table)
  }

  /// One table as of now, and the number of the last commit then.
  func snapshotAndSequence(of table: String) throws -> (TableSnapshot, UInt64) {
    let current = catalogue.withLock { $0 }
    return (try current.requireTable(table), current.commitSequence)
  }

  /// Everything as of now, also what is not visible.
  var catalogueNow: Catalogue { catalogue.withLock { $0 } }

  func tablet(_ id: TabletID) -> TabletSnapshot? { catalogue.withLock { $0 }.tablet(id) }

  func table(of tablet: TabletID) -> TableSnapshot? {
    catalogue.withLock { $0 }.table(of: tablet)
  }

  /// Creates an empty table, durably.
  /// - Throws: `StorageError.alreadyExists`, and what a full or failing disk causes.
  public func createTable(_ definition: TableDefinition) throws {
    _ = try commit(.createTable(definition))
  }

  /// Forgets rowsets that were replaced longer ago than the grace period. Their files go when the
  /// last snapshot that holds them does.
  /// - Returns: how many were swept.
  @discardableResult
  public func sweepStaleRowsets() throws -> Int {
    let now = clock.now()
    var count = 0
    for tablet in snapshot().flatMap(\.tablets) {
      let ids = tablet.state.sweepable(at: now, graceSeconds: options.staleGraceSeconds)
      if ids.isEmpty { continue }
      _ = try commit(.sweep(tablet: tablet.id, rowsets: ids))
      count += ids.count
    }
    for tablet in snapshot().flatMap(\.tablets) { tablet.trimDeletes() }
    return count
  }

  func newRowsetID() -> RowsetID {
    RowsetID(rawValue: nextRowset.wrappingAdd(1, ordering: .relaxed).oldValue)
  }

  func commit(_ request: CommitRequest) throws -> CommitReceipt {
    let receipt = try commits.submit(request) { process($0) }
    notify(request, receipt)
    switch receipt.durability {
    case .within(let milliseconds): notifyDue(within: Double(milliseconds) / 1000)
    case .onDisk, .handedToSystem: break
    }
    noticeLargeLog()
    return receipt
  }

  private func notify(_ request: CommitRequest, _ receipt: CommitReceipt) {
    let change: StoreChange
    switch request {
    case .createTable, .alterTable, .precommit, .repair, .abortTransaction, .reserveTransactions,
      .groupRows:
      return
    case .load, .loadTogether, .commitTransaction:
      guard !receipt.versions.isEmpty else { return }
      change = .loaded(tablets: receipt.versions.keys.sorted())
    case .compact(let output): change = .compacted(tablet: output.tablet)
    case .sweep(let tablet, _): change = .swept(tablet: tablet)
    }
    notify(change)
  }

  /// Lets observers know that `maintain` has something to do soon.
  func notifyDue(within seconds: Double) {
    notify(.due(by: clock.now().advanced(bySeconds: seconds)))
  }

  private func notify(_ change: StoreChange) {
    for observer in observers.withLock({ $0 }) { observer.storeChanged(change) }
  }

  /// Carries out a group of requests as one frame of the log. Called by one thread at a time.
  private func process(_ requests: [CommitRequest]) -> [Result<CommitReceipt, any Error>] {
    log.withLock { log in
      var group = CommitGroup(
        catalogue: catalogue.withLock { $0 }, store: self, frame: log.makeFrame(),
        at: log.nextPosition)
      var results: [Result<CommitReceipt, any Error>] = []
      do {
        try log.requireUsable()
        results = requests.map { request in
          Result { try group.add(request) }
        }
        if group.frame.payloadByteCount > 0 { try log.append(&group.frame, group.syncing) }
      } catch {
        if log.failure != nil { transactions.freeze() }
        group.takeBackKeyChanges()
        group.releaseIndexes(isKept: false, catalogue.withLock { $0 })
        return requests.indices.map { index in
          guard index < results.count else { return .failure(error) }
          return results[index].flatMap { _ in .failure(error) }
        }
      }
      group.confirmKeyChanges()
      catalogue.withLock { $0 = group.catalogue }
      group.releaseIndexes(isKept: true, group.catalogue)
      transactions.settle(group)
      groupLoads.settle(group)
      for rowset in group.swept { rowset.markSwept() }
      checkpoints.note(logByteCount: log.byteCount)
      return results.map { result in
        result.map { $0.promising(group.durability) }
      }
    }
  }

  /// Runs `body` while nothing is committed.
  func betweenCommits(_ body: () -> Void) { log.withLock { _ in body() } }

  /// Puts on disk what loads were promised to find there by now.
  /// - Returns: when to call again at the latest; nil when nobody waits.
  func syncIfDue() throws -> Timestamp? {
    try log.withLock { log in
      guard let deadline = log.syncDeadline else { return nil }
      guard deadline <= clock.now() else { return deadline }
      do { try log.sync() } catch {
        transactions.freeze()
        throw error
      }
      return nil
    }
  }

  /// Puts on disk what has been acknowledged without that.
  func syncLog() throws { try log.withLock { try $0.sync() } }
}

import StorageBase
import StorageIO
import TabletModel

/// Requests that become durable together: the catalogue and the transactions they lead to, and the
/// frame of the log that says so. A request that does not fit throws and leaves the group as it
/// was.
struct CommitGroup {
  var catalogue: Catalogue
  var frame: LogFrameWriter
  /// Rowsets that nothing needs once the group is durable.
  var swept: [Rowset] = []
  /// What becomes of the transactions that the group touches.
  private(set) var transactions: [TransactionID: Transaction] = [:]
  /// Transaction ids below it are set aside; nil when the group sets none aside.
  private(set) var reservedEnd: TransactionID?
  /// Rows that are promised with the group, and those promised before that it makes visible.
  var groupRows: [(record: GroupRowsRecord, rows: GroupRows)] = []
  var covers: [GroupRowsCover] = []
  /// What has been changed beside the catalogue, and has to be taken back if the group fails.
  var keyChanges: [KeyChange] = []
  /// Key indexes that have been told of something, by tablet.
  var heldIndexes: [TabletID: any KeyIndex] = [:]
  /// The strictest promise that a request of the group needs.
  private(set) var durability = Durability.none
  let store: Store
  let start: LogPosition
  let now: Timestamp

  /// - Parameter start: where the frame will be.
  init(catalogue: Catalogue, store: Store, frame: LogFrameWriter, at start: LogPosition) {
    self.catalogue = catalogue
    self.store = store
    self.frame = frame
    self.start = start
    now = store.clock.now()
  }

  mutating func add(_ request: CommitRequest) throws -> CommitReceipt {
    let end = frame.bytes.count
    let changeCount = keyChanges.count
    do {
      switch request {
      case .load(let load): return try commit(load)
      case .loadTogether(let rows, let labels): return try commit(rows, with: labels)
      case .precommit(let load, let timeout): return try precommit(load, timeout: timeout)
      case .commitTransaction(let id): return try commitTransaction(id)
      case .abortTransaction(let id, let reason): return try abortTransaction(id, reason)
      case .createTable(let definition): return try createTable(definition)
      case .alterTable(let name, let changes): return try alter(name, changes)
      case .reserveTransactions(let end): return reserve(below: end)
      case .groupRows(let rows): return try add(rows)
      case .compact(let output): return try add(output)
      case .sweep(let tablet, let rowsets): return try sweep(rowsets, of: tablet)
      case .repair(let repair, let changes): return try add(repair, changes)
      }
    } catch {
      frame.bytes.truncate(to: end)
      takeBackKeyChanges(after: changeCount)
      guard let refusal = error as? EditRefusal else { throw error }
      throw StorageError.invalidArgument(
        name: "commit", value: store.path, reason: refusal.description)
    }
  }

  /// The transaction as the requests before this one leave it.
  func requireTransaction(_ id: TransactionID) throws -> Transaction {
    if let transaction = transactions[id] ?? store.transactions[id] { return transaction }
    throw TransactionError.notFound(id)
  }

  mutating func put(_ transaction: Transaction) { transactions[transaction.id] = transaction }

  /// Makes the promise of the group at least as strict as `other`.
  mutating func require(_ other: Durability) {
    switch (durability, other) {
    case (.sync, _), (_, .none): break
    case (_, .sync), (.none, .group): durability = other
    case (.group(let own), .group(let wanted)):
      durability = .group(milliseconds: min(own, wanted))
    }
  }

  /// When the frame has to be on disk.
  var syncing: LogSyncing {
    switch durability {
    case .sync: .now
    case .group(let milliseconds): .by(now.advanced(bySeconds: Double(milliseconds) / 1000))
    case .none: .whenever
    }
  }

  /// Where the byte at `offset` of the frame will be in the log.
  func position(_ offset: Int) -> LogPosition {
    LogPosition(file: start.file, offset: start.offset + UInt64(offset))
  }

  private mutating func createTable(_ definition: TableDefinition) throws -> CommitReceipt {
    guard catalogue[definition.name] == nil else {
      throw StorageError.alreadyExists(kind: "table", name: definition.name)
    }
    let firstTablet = catalogue.nextTabletID
    let creation = TableCreation(
      id: TableID(rawValue: catalogue.nextTableID), definition: definition, createdAt: now,
      tablets: (0..<definition.bucketCount).map { bucket in
        TableCreation.Tablet(
          id: TabletID(rawValue: firstTablet + UInt64(bucket)),
          initialRowset: store.newRowsetID())
      })
    for tablet in creation.tablets {
      try store.files.createDirectory(store.layout.tabletDirectory(tablet.id))
    }
    try store.files.syncDirectory(store.layout.dataDirectory, cause: .log)
    catalogue.add(
      TableSnapshot(
        creation, sequence: catalogue.commitSequence, files: store.files,
        storeID: store.identity.storeID, caches: store.caches))
    LogRecord.createTable(creation).encode(into: &frame.bytes)
    require(.sync)
    return CommitReceipt()
  }

  private mutating func reserve(below end: TransactionID) -> CommitReceipt {
    reservedEnd = max(reservedEnd ?? end, end)
    LogRecord.reserveTransactions(below: end).encode(into: &frame.bytes)
    require(.sync)
    return CommitReceipt()
  }

  private mutating func add(_ merged: CompactionOutput) throws -> CommitReceipt {
    let output = merged.rowset.meta
    let commit = CompactionCommit(
      tablet: merged.tablet, kind: merged.kind, cumulativePoint: merged.cumulativePoint, at: now,
      inputs: merged.inputs, output: output)
    var next = catalogue
    try next.apply(commit.edit, to: merged.tablet, added: merged.rowset)
    LogRecord.compact(commit).encode(into: &frame.bytes)
    if let moved = merged.moved { try move(moved, on: merged.tablet) }
    catalogue = next
    // Nobody was promised anything: a crash that undoes the merge finds its inputs, since the
    // sweep that removes them is synced, and whatever was committed after the merge brings it to
    // disk. So loads never wait for a sync of its own.
    return CommitReceipt(
      byteCount: output.entry.summary.byteCount, rowCount: output.entry.summary.rowCount)
  }

  private mutating func add(
    _ repair: RepairCommit, _ changes: RepairedChanges
  ) throws -> CommitReceipt {
    var next = catalogue
    var forgotten: [Rowset] = []
    for part in repair.parts {
      let before = next.tablet(part.tablet)
      let gone = Set(part.repair.forgotten)
      forgotten += before?.rowsets.filter { gone.contains($0.id) } ?? []
      forgotten += part.repair.dropped.compactMap { before?.stale[$0] }
      let added = part.saved.map { store.makeRowset($0, tablet: part.tablet, inline: []) }
      try next.apply(part.repair, to: part.tablet, added: added)
    }
    catalogue = next
    swept += forgotten
    LogRecord.repair(repair).encode(into: &frame.bytes)
    takeOver(changes)
    require(.sync)
    return CommitReceipt(sequence: 0, versions: [:], byteCount: 0, rowCount: 0)
  }

  /// Sweeps those of `rowsets` that nobody has swept meanwhile.
  private mutating func sweep(
    _ rowsets: [RowsetID], of tablet: TabletID
  ) throws -> CommitReceipt {
    let stale = catalogue.tablet(tablet)?.stale ?? StaleRowsets()
    let remaining = rowsets.filter { stale[$0] != nil }
    if !remaining.isEmpty {
      try catalogue.apply(.sweep(remaining), to: tablet, added: nil)
      swept.append(contentsOf: remaining.compactMap { stale[$0] })
      LogRecord.sweep(tablet: tablet, rowsets: remaining).encode(into: &frame.bytes)
      require(.sync)
    }
    return CommitReceipt()
  }
}

extension CompactionCommit {
  var edit: TabletEdit {
    .replace(
      inputs: inputs, output: output.entry, kind: kind, cumulativePoint: cumulativePoint, at: at)
  }
}

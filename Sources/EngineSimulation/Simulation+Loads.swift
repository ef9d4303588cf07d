import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine
import TabletModel

/// A load of one phase that is encoded and waits for its commit.
struct PreparedChange {
  let load: PreparedLoad
  let change: Oracle.Change
  /// Whether it is refused when its keys are new.
  var mayBeRefused = false
}

// What brings rows into the store: tables, and loads of one phase.
extension Simulation {
  func createTable() throws {
    let missing = tables.filter { !oracle.tables.contains($0.number) }
    guard !missing.isEmpty else { return }
    try create(missing[random.index(of: missing)])
  }

  func create(_ table: SampleTable) throws {
    guard let store = world.store else { return }
    do {
      try store.createTable(table.definition)
      oracle.wrote(isSynced: true)
      oracle.tableCreated(table)
      trace.note("created", table.name)
    } catch {
      try excuse(error, "create", table.name)
      if !saysNothingWasWritten(error) { oracle.tableMayExist(table) }
    }
  }

  func load() throws {
    guard let prepared = try encode() else { return }
    try commit(prepared)
  }

  func prepare() throws {
    guard prepared.count < 3, let next = try encode() else { return }
    prepared.append(next)
    trace.note("prepared", "\(next.change.number)")
  }

  func commitPrepared() throws {
    guard mayTakeTurns, !prepared.isEmpty else { return }
    try commit(prepared.remove(at: random.index(of: prepared)))
  }

  /// A new load of some rows for each of these tables.
  /// - Parameter allowsDeletions: whether some of the rows are deletions where keys are unique.
  func makeChange(for chosen: [SampleTable], allowsDeletions: Bool = true) -> Oracle.Change {
    let number = takeNumber()
    let parts = chosen.map { makePart(of: $0, number, allowsDeletions: allowsDeletions) }
    return Oracle.Change(number: number, parts: parts)
  }

  /// What a load of this number brings into one table.
  func makePart(
    of table: SampleTable, _ number: Int, allowsDeletions: Bool = true
  ) -> Oracle.Change.Part {
    let rowCount = Int(random.next() % 24)
    let ids = Array(SampleTable.ids(load: number, rowCount: rowCount))
    oracle.writes(number, into: table)
    return Oracle.Change.Part(
      table: table.number, load: number, rowCount: rowCount, digests: table.digests(ids: ids),
      keyed: table.keyedVersions(ids: ids) { allowsDeletions && table.isDeletion($0) } ?? [])
  }

  func takeNumber() -> Int {
    defer { nextLoad += 1 }
    return nextLoad
  }

  /// The rows of a load as the table has its columns now.
  func batch(_ part: Oracle.Change.Part, in store: Store) throws -> ColumnBatch {
    let table = tables[part.table]
    let definition = try store.snapshot(of: table.name).definition
    let schema = try oracle.schema(of: table, as: definition)
    return try table.batch(
      ids: Array(SampleTable.ids(load: part.load, rowCount: part.rowCount)),
      Array(zip(definition.schema.columns, schema.columns)), sortKeyCount: schema.sortKeyCount)
  }

  /// The rows of a load that are deletions, as the client knows them or as a condition finds them.
  func deleteSigns(_ part: Oracle.Change.Part, in batch: ColumnBatch) throws -> Bitmap? {
    let table = tables[part.table]
    guard table.keys != nil else { return nil }
    let ids = Array(SampleTable.ids(load: part.load, rowCount: part.rowCount))
    let signs = table.deleteSigns(ids: ids)
    guard let signs, random.next() % 2 == 0 else { return signs }
    let deleted = signs.rowIDs().map { "\(ids[Int($0)])" }.joined(separator: ", ")
    return try RowCondition("id in (\(deleted)) and 0 < id + 1", schema: batch.schema)
      .rows(of: batch)
  }

  var knownTables: [SampleTable] { tables.filter { oracle.tables.contains($0.number) } }

  /// One of few labels, so that they meet again, or none.
  func someLabel() -> String {
    random.next() % 3 == 0 ? "label \(random.next() % 5)" : ""
  }

  /// Takes down that a load has begun.
  func begun(_ id: TransactionID, label: String, _ change: Oracle.Change) throws {
    let now = world.clock.now()
    oracle.mayForget(before: now.advanced(bySeconds: -world.options.labelRetention.seconds))
    try oracle.begun(
      LoadRecord(
        id: id, label: label, change: change,
        deadline: now.advanced(bySeconds: world.options.prepareTimeoutSeconds), changedAt: now))
  }

  /// A load could not begin: its label is in use, or the disk fails.
  func notBegun(_ error: any Error, label: String) throws {
    let now = world.clock.now()
    oracle.mayForget(before: now.advanced(bySeconds: -world.options.labelRetention.seconds))
    guard case TransactionError.labelInUse(_, let id, let state) = error else {
      return try excuse(error, "begin")
    }
    try oracle.refused(label: label, by: id, state: state)
    trace.note("label in use", label)
  }

  /// A load of a random table, ready to be committed; nil when that failed.
  private func encode() throws -> PreparedChange? {
    guard let store = world.store, !knownTables.isEmpty else { return nil }
    let table = knownTables[random.index(of: knownTables)]
    let label = someLabel()
    let change = makeChange(for: [table])
    let builder: LoadBuilder
    do {
      builder = try store.beginLoad(into: table.name, label: label)
    } catch {
      try notBegun(error, label: label)
      return nil
    }
    try begun(builder.transaction, label: label, change)
    do {
      let part = change.parts[0]
      let batch = try batch(part, in: store)
      let signs = try deleteSigns(part, in: batch)
      // Where keys are unique, the rows of a load that count depend on where it is cut.
      if table.keys == nil, world.options.loadBufferByteCountMax == 1 {
        try appendPieces(batch, to: builder)
      } else {
        try builder.append(batch, deleteSigns: signs)
      }
      return PreparedChange(load: try builder.prepare(), change: change)
    } catch {
      givenUp(builder.transaction)
      if isAborted(error), oracle.loads[builder.transaction]?.possible.contains(.aborted) ?? true {
        trace.note("aborted while it arrived", "\(change.number)")
        return nil
      }
      try excuse(error, "prepare", "\(change.number)")
      return nil
    }
  }

  /// Adds rows in pieces that become segments of their own.
  private func appendPieces(_ batch: ColumnBatch, to builder: LoadBuilder) throws {
    for start in stride(from: 0, to: batch.rowCount, by: 3) {
      let rows = (start..<min(start + 3, batch.rowCount)).map { UInt32($0) }
      try builder.append(
        ColumnBatch(
          schema: batch.schema, rowCount: rows.count,
          columns: batch.columns.map { $0.gather(rows) }))
    }
  }

  /// The last who held a load has let go.
  func givenUp(_ id: TransactionID) {
    // After a failure of the log the store takes nothing for aborted.
    if oracle.loads[id]?.possible == [.prepare] {
      oracle.mayBe(id, .aborted, at: world.clock.now())
    }
  }

  func commit(_ prepared: PreparedChange) throws {
    guard let store = world.store else { return }
    let number = prepared.change.number
    let id = prepared.load.transaction
    do {
      let receipt = try store.commit(prepared.load)
      try acknowledged(receipt, id, prepared.change, in: store)
      trace.note("load", "\(number)")
    } catch {
      if case StorageError.tooManyVersions = error {
        trace.note("too many versions", "\(number)")
        return givenUp(id)
      }
      if isAborted(error), oracle.loads[id]?.possible.contains(.aborted) ?? true {
        return trace.note("commit of an aborted load", "\(number)")
      }
      if prepared.mayBeRefused, isRefusal(error) {
        trace.note("new keys refused", "\(number)")
        return givenUp(id)
      }
      try excuse(error, "load", "\(number)")
      if saysNothingWasWritten(error) { return givenUp(id) }
      oracle.mayHaveHappened(prepared.change)
      oracle.mayBe(id, .visible, at: world.clock.now())
      oracle.mayBe(id, .aborted, at: world.clock.now())
    }
  }

  /// A load has become visible.
  func acknowledged(
    _ receipt: CommitReceipt, _ id: TransactionID, _ change: Oracle.Change, in store: Store
  ) throws {
    try acknowledged(receipt, [id], change, in: store)
  }

  /// Several transactions have become visible as one change.
  func acknowledged(
    _ receipt: CommitReceipt, _ ids: [TransactionID], _ change: Oracle.Change, in store: Store
  ) throws {
    let now = world.clock.now()
    let isEmpty = change.parts.allSatisfy { $0.rowCount == 0 }
    let unlabelled = ids.filter { (oracle.loads[$0]?.label ?? "").isEmpty }
    trace.remark("\(change.number) in \(change.tables): \(receipt.durability)")
    if receipt.redoneRowCount > 0 { trace.note("conflict", "\(change.number)") }
    switch receipt.durability {
    case .onDisk: oracle.acknowledged(change, isSynced: true)
    case .within(let milliseconds):
      oracle.acknowledged(
        change, isSynced: false,
        deadline: now.advanced(bySeconds: Double(milliseconds) / 1000))
    case .handedToSystem:
      // One without rows and label leaves no trace.
      if !isEmpty || unlabelled.count < ids.count { oracle.acknowledged(change, isSynced: false) }
    }
    for id in ids { oracle.decided(id, .visible, at: now) }
    for id in unlabelled where !receipt.isRepeated && store.transaction(id) == nil {
      oracle.loads[id] = nil
    }
    try checkVersions(receipt, of: change, in: store)
  }

  /// The versions that the client is told are those that the load became.
  private func checkVersions(
    _ receipt: CommitReceipt, of change: Oracle.Change, in store: Store
  ) throws {
    var expected: [TabletID: Version] = [:]
    for part in change.parts {
      let tablets = try store.snapshot(of: tables[part.table].name).tablets
      let versions = oracle.versions(of: part.table)
      for bucket in part.digests.indices where part.touches(bucket) {
        expected[tablets[bucket].id] = versions[bucket]
      }
    }
    guard receipt.versions == expected else {
      throw SimulationFailure(
        "load \(change.number) was told the versions \(receipt.versions) and has \(expected)")
    }
  }

  func isAborted(_ error: any Error) -> Bool {
    switch error {
    case TransactionError.aborted, TransactionError.notFound: true
    default: false
    }
  }

  /// Whether an error excludes that anything has been written.
  func saysNothingWasWritten(_ error: any Error) -> Bool {
    switch error {
    case StorageError.storeFailed, StorageError.tooManyVersions: true
    case is TransactionError: true
    default: false
    }
  }

  /// Accepts an error when something was made to fail.
  func excuse(_ error: any Error, _ what: String, _ detail: String = "") throws {
    if let failure = error as? SimulationFailure { throw failure }
    guard !world.isHealthy, !(error is TransactionError) else {
      throw SimulationFailure("\(what) \(detail) failed although nothing was wrong: \(error)")
    }
    trace.note("\(what) failed", detail)
  }
}

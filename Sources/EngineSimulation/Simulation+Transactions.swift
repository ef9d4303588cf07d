import StorageBase
import TabletEngine
import TabletModel

/// What a load of several tables brings into one of them, and how it is handed over.
struct TransactionRows {
  let part: Oracle.Change.Part
  let add: (LoadTransaction, Store) throws -> Void
}

/// A load of two phases whose rows have arrived, or are arriving.
struct OpenTransaction {
  let transaction: LoadTransaction
  let change: Oracle.Change
}

// Loads of two phases, over one or several tables.
extension Simulation {
  /// Begins a load and adds its rows; what becomes of it is decided later.
  func beginTransaction() throws {
    guard let store = world.store, !knownTables.isEmpty, open.count < 4 else { return }
    let chosen = knownTables.filter { _ in random.next() % 2 == 0 }
    let number = takeNumber()
    // Some tables are given whole rows, others some columns of rows.
    let rows = (chosen.isEmpty ? [knownTables[0]] : chosen).map { table in
      canUpdate(table) && random.next() % 2 == 0
        ? makeUpdateRows(of: table, number) : makeWholeRows(of: table, number)
    }
    let change = Oracle.Change(number: number, parts: rows.map(\.part))
    let label = someLabel()
    let transaction: LoadTransaction
    do {
      transaction = try store.begin(label: label)
    } catch {
      return try notBegun(error, label: label)
    }
    try begun(transaction.id, label: label, change)
    do {
      for rows in rows { try rows.add(transaction, store) }
      open.append(OpenTransaction(transaction: transaction, change: change))
      trace.note("begun", "\(change.number)")
    } catch {
      if isAborted(error), oracle.loads[transaction.id]?.possible.contains(.aborted) ?? true {
        return trace.note("aborted while it arrived", "\(change.number)")
      }
      givenUp(transaction.id)
      try excuse(error, "begin", "\(change.number)")
    }
  }

  private func makeWholeRows(of table: SampleTable, _ number: Int) -> TransactionRows {
    let part = makePart(of: table, number)
    return TransactionRows(part: part) { transaction, store in
      // The rows of another table may have been written before, and this one been altered then.
      self.oracle.writes(number, into: table)
      let batch = try self.batch(part, in: store)
      try transaction.builder(for: table.name)
        .append(batch, deleteSigns: try self.deleteSigns(part, in: batch))
    }
  }

  /// The end of the first phase, or of a load of one phase.
  func finishTransaction() throws {
    guard let store = world.store, !open.isEmpty else { return }
    let next = open.remove(at: random.index(of: open))
    let id = next.transaction.id
    guard random.next() % 4 == 0, mayTakeTurns || !next.change.isPartial else {
      return try precommit(id, next.change) {
        try next.transaction.precommit(timeoutSeconds: Self.precommitSeconds)
      }
    }
    do {
      try acknowledged(next.transaction.commit(), id, next.change, in: store)
      trace.note(
        next.change.isPartial ? "partial load of several tables" : "load of several tables",
        "\(next.change.number)")
    } catch {
      guard try mayHaveWritten(error, id, next.change, "load") else { return }
      oracle.mayHaveHappened(next.change)
      oracle.mayBe(id, .visible, at: world.clock.now())
      oracle.mayBe(id, .aborted, at: world.clock.now())
    }
  }

  /// The first phase of a partial load that was encoded before. It refuses no new keys: what waits
  /// can be committed.
  func precommitPartially() throws {
    guard let store = world.store else { return }
    let places = prepared.indices.filter { place in
      prepared[place].change.isPartial && !prepared[place].mayBeRefused
    }
    guard !places.isEmpty else { return }
    let next = prepared.remove(at: places[random.index(of: places)])
    try precommit(next.load.transaction, next.change) {
      try store.precommit(next.load, timeoutSeconds: Self.precommitSeconds)
    }
  }

  private func precommit(
    _ id: TransactionID, _ change: Oracle.Change, _ body: () throws -> CommitReceipt
  ) throws {
    do {
      _ = try body()
      let now = world.clock.now()
      oracle.wrote(isSynced: true)
      oracle.decided(id, .precommitted, at: now)
      oracle.loads[id]?.deadline = now.advanced(bySeconds: Self.precommitSeconds)
      trace.note(
        change.isPartial ? "partial load precommitted" : "precommitted", "\(change.number)")
    } catch {
      guard try mayHaveWritten(error, id, change, "precommit") else { return }
      // If it is found to be, this is how long it waits.
      oracle.mayBe(id, .precommitted, at: world.clock.now())
      oracle.loads[id]?.deadline = world.clock.now().advanced(bySeconds: Self.precommitSeconds)
      // Where the failure was before the log, the load is aborted now that nobody holds it.
      oracle.mayBe(id, .aborted, at: world.clock.now())
    }
  }

  /// Whether a phase of a load that threw may have been written all the same.
  private func mayHaveWritten(
    _ error: any Error, _ id: TransactionID, _ change: Oracle.Change, _ what: String
  ) throws -> Bool {
    if case StorageError.tooManyVersions = error {
      trace.note("too many versions", "\(change.number)")
      givenUp(id)
      return false
    }
    if isAborted(error), oracle.loads[id]?.possible.contains(.aborted) ?? true {
      trace.note("commit of an aborted load", "\(change.number)")
      return false
    }
    try excuse(error, what, "\(change.number)")
    guard saysNothingWasWritten(error) else { return true }
    givenUp(id)
    return false
  }

  /// Commits everything that waits for it.
  func commitAll() throws {
    guard let store = world.store else { return }
    for load in oracle.loads.values.sorted(by: { $0.id < $1.id })
    where load.possible == [.precommitted] {
      try acknowledged(
        try store.commit(transaction: load.id), load.id, load.change, in: store)
    }
  }

  private static let precommitSeconds = 40_000.0

  /// The second phase of a load that some process has pre-committed.
  func commitTransaction() throws {
    guard let store = world.store, let load = someLoad() else { return }
    guard mayTakeTurns || !load.change.isPartial else { return }
    let byLabel = isFindable(load) && random.next() % 2 == 0
    do {
      let receipt =
        byLabel ? try store.commit(label: load.label) : try store.commit(transaction: load.id)
      let load = asOfNow(load)
      if receipt.isRepeated {
        guard load.possible.contains(.visible) else {
          throw SimulationFailure("a second commit of \(load.id), which was \(load.possible)")
        }
        return trace.note("repeated commit")
      }
      guard load.possible.contains(.precommitted) else {
        throw SimulationFailure("a commit of \(load.id), which was \(load.possible)")
      }
      guard receipt.durability == .onDisk else {
        throw SimulationFailure("a second phase that is not on disk")
      }
      try acknowledged(receipt, load.id, load.change, in: store)
      trace.note(
        load.change.isPartial ? "partial load decided" : "committed", "\(load.change.number)")
    } catch {
      try decisionFailed(error, asOfNow(load), .visible)
    }
  }

  func abortTransaction() throws {
    guard let store = world.store, let load = someLoad() else { return }
    let byLabel = isFindable(load) && random.next() % 2 == 0
    do {
      let receipt =
        byLabel ? try store.abort(label: load.label) : try store.abort(transaction: load.id)
      guard receipt.isRepeated == (load.possible == [.aborted]) || load.possible.count > 1,
        load.possible != [.visible]
      else { throw SimulationFailure("an abort of \(load.id), which was \(load.possible)") }
      if load.possible == [.precommitted] { oracle.wrote(isSynced: true) }
      oracle.decided(load.id, .aborted, at: world.clock.now())
      trace.note(receipt.isRepeated ? "repeated abort" : "aborted", "\(load.change.number)")
    } catch {
      try decisionFailed(error, load, .aborted)
    }
  }

  /// What is known of a load by now: while the rows of a partial load are completed once more other
  /// steps take turns, and may have decided it as well.
  private func asOfNow(_ load: LoadRecord) -> LoadRecord { oracle.loads[load.id] ?? load }

  /// Whether the label leads to this load and no other.
  private func isFindable(_ load: LoadRecord) -> Bool {
    !load.label.isEmpty && !load.mayBeForgotten && oracle.holder(of: load.label)?.id == load.id
  }

  private func someLoad() -> LoadRecord? {
    // Mostly those that can be decided.
    let all = oracle.loads.values.sorted { $0.id < $1.id }
    let waiting = all.filter { $0.possible.contains(.precommitted) }
    let chosen = waiting.isEmpty || random.next() % 4 == 0 ? all : waiting
    return chosen.isEmpty ? nil : chosen[random.index(of: chosen)]
  }

  private func decisionFailed(
    _ error: any Error, _ load: LoadRecord, _ wanted: TransactionState
  ) throws {
    if let refusal = error as? TransactionError {
      let isExpected: Bool =
        switch refusal {
        case .notFound, .labelNotFound: load.mayBeForgotten
        case .notPrecommitted: load.possible.contains(.prepare) && wanted == .visible
        case .aborted: load.possible.contains(.aborted) && wanted == .visible
        case .notAbortable: load.possible.contains(.visible) && wanted == .aborted
        case .labelInUse, .tooManyRunning: false
        }
      guard isExpected else {
        throw SimulationFailure("\(wanted) of \(load.id) (\(load.possible)): \(refusal)")
      }
      return trace.note("decision refused", "\(load.change.number)")
    }
    try excuse(error, "decision", "\(load.change.number)")
    guard !saysNothingWasWritten(error), load.possible.contains(.precommitted) else { return }
    oracle.mayBe(load.id, wanted, at: world.clock.now())
    if wanted == .visible { oracle.mayHaveHappened(load.change) }
  }

  /// Looks at the state of every load the client knows of.
  func inspect() throws {
    guard let store = world.store else { return }
    try oracle.compareLoads(isRestart: false) { store.transaction($0)?.state }
    trace.note("inspect")
  }

  /// What is due: syncs that were promised, and time-outs.
  func maintain() throws {
    guard let store = world.store else { return }
    let now = world.clock.now()
    do {
      try publishing(dueAt: now) { try store.maintain() }
      oracle.maintained(at: now)
      expired(at: now, in: store)
      trace.note("maintain")
    } catch {
      if case StorageError.tooManyVersions = error, world.isHealthy {
        // Of a group load, which keeps nothing else from being done.
        oracle.maintained(at: now)
        expired(at: now, in: store)
        return trace.note("too many versions of group loads")
      }
      try excuse(error, "maintain")
      // Some may have been aborted before the failure.
      for load in oracle.due(at: max(now, world.clock.now())) {
        if store.transaction(load.id)?.state == .aborted {
          oracle.decided(load.id, .aborted, at: now)
        } else {
          oracle.mayBe(load.id, .aborted, at: now)
        }
      }
    }
    oracle.mayForget(before: now.advanced(bySeconds: -world.options.labelRetention.seconds))
  }

  /// Loads whose time was over have been aborted; so may those whose time was over at the end.
  private func expired(at now: Timestamp, in store: Store) {
    for load in oracle.due(at: max(now, world.clock.now())) {
      let isCertain = load.possible.count == 1 && load.deadline <= now
      if isCertain || store.transaction(load.id)?.state == .aborted {
        oracle.decided(load.id, .aborted, at: now)
      }
    }
  }
}

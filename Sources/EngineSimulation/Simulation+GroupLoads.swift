import ScanKernels
import StorageBase
import TabletEngine
import TabletModel

/// A client that waits until its rows are visible.
struct GroupTicket {
  let ticket: GroupLoadTicket
  let part: Oracle.Change.Part
}

// Loads of many clients that become one version.
extension Simulation {
  /// Rows that are promised now and visible later.
  func groupLoad() throws {
    guard let store = world.store, let (table, part, batch) = try someRows(in: store) else {
      return
    }
    guard !isLarge(batch) else { return try loadAlone(batch, part, into: table, .async) }
    do {
      let receipt = try uninterrupted {
        try store.groupLoad(batch, into: table.name, mode: .async)
      }
      guard !receipt.isVisible, receipt.rowCount == part.rowCount else {
        throw SimulationFailure("load \(part.load) was told \(receipt)")
      }
      announced.append(receipt.transaction)
      // Bytes may have ended the wait, of rows before these or of these as well.
      let isVisible = try loads(thatAppearedIn: table)?.contains(part.load) ?? false
      if !isVisible { try noticeGroupLoads() }
      promised(part, batch, receipt.durability)
      try noticeGroupLoads()
      // A version that was tried and refused is nothing that this client hears of.
      if !isVisible, world.options.groupLoadByteCount < 1 << 20 {
        groupLoadFailed([table.number], mayHaveHappened: !world.isHealthy)
      }
      try hearTickets()
      trace.note("group load", "\(part.load)")
    } catch {
      try groupRowsRefused(error, part)
    }
  }

  /// Rows of a client that waits for them; it asks later.
  func submitGroupRows() throws {
    guard let store = world.store, let (table, part, batch) = try someRows(in: store) else {
      return
    }
    guard !isLarge(batch) else { return try loadAlone(batch, part, into: table, .sync) }
    oracle.submitted(part)
    do {
      let ticket = try uninterrupted { try store.submitGroupRows(batch, into: table.name) }
      tickets.append(GroupTicket(ticket: ticket, part: part))
      oracle.waits(table.number, until: dueTime)
      try noticeGroupLoads()
      try hearTickets()
      trace.note("rows submitted", "\(part.load)")
    } catch {
      // Its own version may have been tried.
      oracle.answered(part, isCertain: saysNothingWasWritten(error), next: dueTime)
      try groupRowsRefused(error, part)
    }
  }

  /// Everything that waits becomes visible now.
  func flushGroupLoads() throws {
    guard let store = world.store else { return }
    do {
      try publishing(dueAt: nil) { try store.flushGroupLoads() }
      trace.note("group loads flushed")
    } catch {
      if case StorageError.tooManyVersions = error {
        return trace.note("too many versions of group loads")
      }
      try excuse(error, "flush")
    }
  }

  /// The transaction that rows were announced with is aborted, which must not matter to them.
  func abortGroupLoad() throws {
    guard let store = world.store, !announced.isEmpty else { return }
    let id = announced.remove(at: random.index(of: announced))
    do {
      try store.abort(transaction: id)
      trace.note("group transaction aborted")
    } catch let error as TransactionError {
      switch error {
      case .notAbortable, .notFound: trace.note("group transaction has ended")
      default: throw SimulationFailure("abort of the group transaction \(id): \(error)")
      }
    } catch {
      try excuse(error, "abort of a group transaction")
    }
  }

  // MARK: What the clients hear

  var dueTime: Timestamp {
    world.clock.now().advanced(bySeconds: world.options.groupLoadSeconds)
  }

  private func promised(
    _ part: Oracle.Change.Part, _ batch: ColumnBatch, _ durability: DurabilityPromise
  ) {
    // Nothing is written for no rows.
    guard part.rowCount > 0 else { return }
    let now = world.clock.now()
    switch durability {
    case .onDisk: oracle.promised(part, isSynced: true, deadline: nil)
    case .within(let milliseconds):
      let deadline = now.advanced(bySeconds: Double(milliseconds) / 1000)
      oracle.promised(part, isSynced: false, deadline: deadline)
    case .handedToSystem: oracle.promised(part, isSynced: false, deadline: nil)
    }
    oracle.waits(part.table, until: dueTime)
  }

  func groupLoadFailed(_ tables: [Int], mayHaveHappened: Bool) {
    let seconds = max(1, world.options.groupLoadSeconds)
    oracle.attempted(
      tables, mayHaveHappened: mayHaveHappened,
      retryAt: world.clock.now().advanced(bySeconds: seconds))
  }

  /// Rows were not taken.
  private func groupRowsRefused(_ error: any Error, _ part: Oracle.Change.Part) throws {
    if error is SimulationFailure { throw error }
    try noticeGroupLoads()
    groupLoadFailed([part.table], mayHaveHappened: !world.isHealthy)
    try hearTickets()
    switch error {
    case StorageError.tooManyVersions, StorageError.limitExceeded:
      return trace.note("no room for group rows", "\(part.load)")
    default: break
    }
    try excuse(error, "group load", "\(part.load)")
    if !saysNothingWasWritten(error) { oracle.mayBePromised(part) }
  }

  /// Rows that are as many as to need no company.
  private func loadAlone(
    _ batch: ColumnBatch, _ part: Oracle.Change.Part, into table: SampleTable,
    _ mode: GroupLoadMode
  ) throws {
    guard let store = world.store else { return }
    let change = Oracle.Change(number: part.load, parts: [part])
    let deadline = world.clock.now().advanced(bySeconds: world.options.prepareTimeoutSeconds)
    do {
      let receipt: GroupLoadReceipt?
      switch mode {
      case .async: receipt = try store.groupLoad(batch, into: table.name, mode: .async)
      case .sync: receipt = try store.submitGroupRows(batch, into: table.name).receipt()
      }
      guard let receipt, receipt.isVisible, receipt.rowCount == part.rowCount else {
        throw SimulationFailure("load \(part.load) is alone and was told \(receipt as Any)")
      }
      let (isSynced, deadline) = promise(of: table)
      oracle.acknowledged(change, isSynced: isSynced, deadline: deadline)
      trace.note("group load alone", "\(part.load)")
      try noticeGroupLoads()
    } catch {
      try noticeGroupLoads()
      if case StorageError.tooManyVersions = error {
        return trace.note("too many versions", "\(part.load)")
      }
      if isAborted(error), deadline <= world.clock.now() {
        return trace.note("commit of an aborted load", "\(part.load)")
      }
      try excuse(error, "group load", "\(part.load)")
      if !saysNothingWasWritten(error) { oracle.mayHaveHappened(change) }
    }
  }

  private func isLarge(_ batch: ColumnBatch) -> Bool {
    batch.columns.reduce(0) { $0 + $1.byteCount } >= world.options.groupLoadByteCount
  }

  private func someRows(
    in store: Store
  ) throws -> (SampleTable, Oracle.Change.Part, ColumnBatch)? {
    guard !knownTables.isEmpty else { return nil }
    let table = knownTables[random.index(of: knownTables)]
    let part = makeChange(for: [table], allowsDeletions: false).parts[0]
    return (table, part, try batch(part, in: store))
  }

  /// Clients look whether there is an answer, and compare it with what is visible.
  func hearTickets() throws {
    var waiting: [GroupTicket] = []
    for ticket in tickets {
      let load = ticket.part.load
      let isWaiting = oracle.waitingLoads(of: ticket.part.table).contains(load)
      do {
        guard let receipt = try ticket.ticket.receipt() else {
          guard isWaiting else { throw SimulationFailure("load \(load) is visible unheard") }
          waiting.append(ticket)
          continue
        }
        if ticket.part.rowCount == 0 {
          oracle.answered(ticket.part, isCertain: true, next: dueTime)
        } else if isWaiting {
          throw SimulationFailure("load \(load) was told that it is visible: \(receipt)")
        }
        trace.note("group load answered", "\(load)")
      } catch let failure as SimulationFailure {
        throw failure
      } catch {
        guard isWaiting else { throw SimulationFailure("load \(load) is visible and refused") }
        let isCertain = world.isHealthy || saysNothingWasWritten(error)
        oracle.answered(ticket.part, isCertain: isCertain, next: dueTime)
        trace.note("group load refused", "\(load)")
      }
    }
    tickets = waiting
  }
}

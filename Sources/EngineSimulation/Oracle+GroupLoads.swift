import StorageBase

/// Rows of a group load that a client was promised and that no version has.
struct PromisedRows {
  let part: Oracle.Change.Part
  /// Whether the promise has survived for certain; if not, the next version of the table tells.
  var isCertain = true
}

// Group loads: what waits to become visible.
extension Oracle {
  /// The rows of one client are in the log.
  mutating func promised(_ part: Change.Part, isSynced: Bool, deadline: Timestamp?) {
    wrote(isSynced: isSynced)
    waiting[part.table, default: []].append(PromisedRows(part: part))
    if !isSynced { addVolatile(.promise(part), deadline: deadline) }
  }

  /// Rows have begun to wait, with or without a promise.
  mutating func waits(_ table: Int, until deadline: Timestamp) {
    // Rows that may have survived have waited since then, and the clock may have been set back.
    let isInDoubt = (waiting[table] ?? []).contains { !$0.isCertain }
    let latest = isInDoubt ? max(deadline, openedAt) : deadline
    // Those before may not wait at all any more, so only when these are due all have to be visible.
    dueBy[table] = max(dueBy[table] ?? latest, latest)
  }

  /// Rows of a client that was promised nothing.
  mutating func submitted(_ part: Change.Part) { submitted[part.table, default: []].append(part) }

  /// A client that was promised nothing was told that its rows will never be visible, or that it
  /// had none.
  /// - Parameters:
  ///   - isCertain: whether that holds after a crash as well.
  ///   - next: when rows that came later are due.
  mutating func answered(_ part: Change.Part, isCertain: Bool, next: Timestamp) {
    let table = part.table
    if isCertain {
      submitted[table]?.removeAll { $0.load == part.load }
    } else {
      refusedLoads.insert(part.load)
    }
    let isWaited = !refusedLoads.isSuperset(of: waitingLoads(of: table))
    dueBy[table] = isWaited ? max(dueBy[table] ?? next, next) : nil
  }

  /// A version of these tables was attempted and may have been made, or is tried again.
  mutating func attempted(_ tables: [Int], mayHaveHappened: Bool, retryAt: Timestamp) {
    for table in tables where !isEmpty(table) {
      if mayHaveHappened { attemptedTables.insert(table) }
      dueBy[table] = max(dueBy[table] ?? retryAt, retryAt)
    }
  }

  func isEmpty(_ table: Int) -> Bool {
    (waiting[table] ?? []).isEmpty && (submitted[table] ?? []).isEmpty
  }

  /// The loads that wait in a table, promised or not.
  func waitingLoads(of table: Int) -> [Int] {
    (waiting[table] ?? []).map(\.part.load) + (submitted[table] ?? []).map(\.load)
  }

  /// A table has a new version of these loads.
  /// - Parameter next: when rows that came meanwhile are due.
  /// - Returns: what has become visible.
  @discardableResult
  mutating func published(
    _ loads: Set<Int>, in table: Int, isSynced: Bool, deadline: Timestamp?, next: Timestamp
  ) throws(SimulationFailure) -> Change {
    let change = try takeWaiting(loads, of: table)
    acknowledged(change, isSynced: isSynced, deadline: deadline)
    dueBy[table] = isEmpty(table) ? nil : next
    return change
  }

  /// Takes loads from what waits. A version has all that were promised before the last in it.
  mutating func takeWaiting(
    _ loads: Set<Int>, of table: Int
  ) throws(SimulationFailure) -> Change {
    let rows = waiting[table] ?? []
    let end = (rows.lastIndex { loads.contains($0.part.load) } ?? -1) + 1
    if let missing = rows[..<end].first(where: { !loads.contains($0.part.load) && $0.isCertain }) {
      throw SimulationFailure(
        "load \(missing.part.load) was promised, and a later one is visible without it")
    }
    let promised = rows[..<end].map(\.part).filter { loads.contains($0.load) }
    let others = (submitted[table] ?? []).filter { loads.contains($0.load) }
    let unknown = loads.subtracting((promised + others).map(\.load)).sorted()
    guard unknown.isEmpty, let first = (promised + others).first else {
      throw SimulationFailure("table \(table) has loads \(unknown) that did not wait")
    }
    // What may have been lost would have been in it.
    waiting[table] = rows[end...].filter(\.isCertain)
    submitted[table]?.removeAll { loads.contains($0.load) }
    return Change(
      number: first.load, parts: promised + others, promised: Set(promised.map(\.load)))
  }

  /// Everything of a table that waited has been made visible, so what is still missing was lost.
  mutating func settleWaiting(of table: Int) { waiting[table]?.removeAll { !$0.isCertain } }

  /// The process has ended: clients that were promised nothing know nothing.
  mutating func processEnded() {
    submitted = submitted.filter { attemptedTables.contains($0.key) }
  }

  // MARK: What a recovery decides

  /// Rows that a version had, which a power failure may have taken, wait again.
  mutating func waitAgain(_ change: Change) {
    for table in change.tables {
      let parts = change.parts.filter { $0.table == table && change.promised.contains($0.load) }
      waiting[table] = parts.map { PromisedRows(part: $0) } + (waiting[table] ?? [])
    }
  }

  mutating func setCertain(_ part: Change.Part, _ isCertain: Bool) {
    let index = waiting[part.table]?.firstIndex { $0.part.load == part.load }
    if let index { waiting[part.table]?[index].isCertain = isCertain }
  }

  /// Decides about versions that may have been made before the process ended.
  /// - Parameters:
  ///   - promises: those before them in the log.
  ///   - isBroken: whether the power failure has taken something before them.
  mutating func recoveredAttempts(
    _ found: [Int: [[Int: Digest]]], after promises: [Change.Part], isBroken: Bool
  ) throws(SimulationFailure) {
    for table in attemptedTables.sorted() {
      let visible = Set((found[table] ?? []).flatMap(\.keys))
      let loads = visible.intersection(waitingLoads(of: table))
      guard !loads.isEmpty else { continue }
      guard !isBroken else {
        throw SimulationFailure("loads \(loads.sorted()) survived, and one before them did not")
      }
      for part in promises { setCertain(part, true) }
      let change = try takeWaiting(loads, of: table)
      guard try isPresent(change, in: found) ?? true else {
        throw SimulationFailure("loads \(loads.sorted()) are there in part")
      }
      append(change)
    }
    attemptedTables.removeAll()
    submitted.removeAll()
    refusedLoads.removeAll()
  }

  /// The store was opened, and rows that wait for certain are due at once.
  mutating func openedWaiting(at now: Timestamp) {
    openedAt = now
    dueBy = waiting.filter { $0.value.contains(where: \.isCertain) }.mapValues { _ in now }
  }
}

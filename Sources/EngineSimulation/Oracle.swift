import StorageBase

/// What a client of the store was told, and so what it may expect to read.
///
/// The rows of a load are a set that follows from its number; a tablet is a list of versions, each
/// with what it brought. A change that threw may have happened or not: it is *uncertain* until
/// something acknowledged excludes it or a recovery shows it, and then it is decided. So is, once
/// power is lost, what was acknowledged and not promised to be on disk.
struct Oracle {
  /// Rows that become visible together, in one or several tables.
  struct Change {
    struct Part {
      let table: Int
      let load: Int
      let rowCount: Int
      /// By bucket.
      let digests: [Digest]
    }

    let number: Int
    let parts: [Part]

    var tables: [Int] { Set(parts.map(\.table)).sorted() }
  }

  /// What a version of a tablet brought.
  struct Entry {
    var digests: [Int: Digest] = [:]
    var rowCounts: [Int: Int] = [:]
  }

  /// By table and bucket: the versions after the first, oldest first.
  private(set) var histories: [Int: [[Entry]]] = [:]
  private(set) var uncertainTables: Set<Int> = []
  /// In the order of the log.
  private(set) var uncertain: [Change] = []
  /// Acknowledged changes that a power failure may take, oldest first, with the time at which they
  /// are on disk for certain if the store has been maintained then.
  private(set) var volatile: [(change: Change, deadline: Timestamp?)] = []
  /// The changes among `uncertain` that were acknowledged: only the last of them may be missing.
  private var takenByPowerFailure: Set<Int> = []
  /// By transaction: the loads that a client may still ask about.
  var loads: [TransactionID: LoadRecord] = [:]
  /// Every id that was ever given out; none comes again.
  var seenTransactions: Set<TransactionID> = []

  // MARK: What the client hears

  mutating func tableCreated(_ table: SampleTable) {
    uncertainTables.remove(table.number)
    histories[table.number] = Array(repeating: [], count: table.definition.bucketCount)
  }

  mutating func tableMayExist(_ table: SampleTable) { uncertainTables.insert(table.number) }

  /// Something was written to the log. What failed before it in the same process has been cut off.
  /// - Parameter isSynced: whether it is on disk, and with it all that was written before.
  mutating func wrote(isSynced: Bool) {
    uncertain.removeAll()
    for id in loads.keys { loads[id]?.settleInProcess() }
    if isSynced { volatile.removeAll() }
  }

  /// A commit returned.
  /// - Parameter deadline: when it is on disk; nil when nobody promised that.
  mutating func acknowledged(_ change: Change, isSynced: Bool, deadline: Timestamp? = nil) {
    wrote(isSynced: isSynced)
    append(change)
    if !isSynced { volatile.append((change, deadline)) }
  }

  /// The store has done what was due.
  mutating func maintained(at now: Timestamp) {
    if let due = volatile.lastIndex(where: { $0.deadline.map { $0 <= now } ?? false }) {
      volatile.removeSubrange(...due)
    }
  }

  /// A commit threw something that does not say that nothing has happened.
  mutating func mayHaveHappened(_ change: Change) { uncertain.append(change) }

  /// Power was lost.
  mutating func powerLost() {
    for (change, _) in volatile.reversed() { remove(change) }
    uncertain = volatile.map(\.change) + uncertain
    takenByPowerFailure.formUnion(volatile.map(\.change.number))
    let lost = Set(volatile.map(\.change.number))
    for (id, load) in loads where lost.contains(load.change.number) {
      loads[id]?.possible.insert(.prepare)
    }
    volatile.removeAll()
  }

  /// The store was opened: all that it has found is on disk.
  mutating func opened() { volatile.removeAll() }

  private func entries(of change: Change, in table: Int) -> [Entry] {
    let parts = change.parts.filter { $0.table == table }
    var entries = (histories[table] ?? []).map { _ in Entry() }
    for part in parts {
      for (bucket, digest) in part.digests.enumerated() where digest.rowCount > 0 {
        entries[bucket].digests[part.load] = digest
        entries[bucket].rowCounts[part.load] = part.rowCount
      }
    }
    return entries
  }

  private mutating func append(_ change: Change) {
    for table in change.tables {
      for (bucket, entry) in entries(of: change, in: table).enumerated()
      where !entry.digests.isEmpty {
        histories[table]?[bucket].append(entry)
      }
    }
  }

  private mutating func remove(_ change: Change) {
    for table in change.tables {
      for (bucket, entry) in entries(of: change, in: table).enumerated()
      where !entry.digests.isEmpty {
        histories[table]?[bucket].removeLast()
      }
    }
  }

  // MARK: What may be read

  /// The tables that are there.
  var tables: [Int] { histories.keys.sorted() }

  /// The newest version of every tablet of a table.
  func versions(of table: Int) -> [Version] {
    (histories[table] ?? []).map { Version(Int64($0.count + 1)) }
  }

  /// By load, what a tablet holds at a version.
  func contents(of table: Int, bucket: Int, at version: Version) -> [Int: Digest] {
    var contents: [Int: Digest] = [:]
    for entry in (histories[table]?[bucket] ?? []).prefix(Int(version.rawValue) - 1) {
      contents.merge(entry.digests) { $1 }
    }
    return contents
  }

  /// The ids of all rows of a table.
  func rows(of table: Int) -> [Int] {
    var rowCounts: [Int: Int] = [:]
    for entry in (histories[table] ?? []).joined() { rowCounts.merge(entry.rowCounts) { $1 } }
    return rowCounts.keys.sorted().flatMap {
      SampleTable.ids(load: $0, rowCount: rowCounts[$0] ?? 0)
    }
  }

  // MARK: What a recovery decides

  /// Decides about a table whose creation threw.
  mutating func recovered(_ table: SampleTable, exists: Bool) throws(SimulationFailure) {
    if histories[table.number] != nil {
      guard exists else { throw SimulationFailure("table \(table.name) is gone") }
    } else if exists {
      guard uncertainTables.contains(table.number) else {
        throw SimulationFailure("table \(table.name) was never created and is there")
      }
      tableCreated(table)
    }
    uncertainTables.remove(table.number)
  }

  /// Decides about uncertain changes.
  /// - Parameter found: by table and bucket, what was read of each load.
  /// - Returns: the numbers of those that have happened.
  mutating func recovered(
    _ found: [Int: [[Int: Digest]]]
  ) throws(SimulationFailure) -> Set<Int> {
    let candidates = uncertain
    uncertain.removeAll()
    var kept: Set<Int> = []
    var firstLost: Int?
    for change in candidates {
      let isThere = try isPresent(change, in: found)
      let wasAcknowledged = takenByPowerFailure.contains(change.number)
      if isThere == false, wasAcknowledged { firstLost = firstLost ?? change.number }
      guard isThere ?? false else { continue }
      if let firstLost, wasAcknowledged {
        throw SimulationFailure(
          "load \(change.number) survived, and \(firstLost) before it did not")
      }
      kept.insert(change.number)
      append(change)
    }
    takenByPowerFailure.removeAll()
    return kept
  }

  /// Whether a change is there; nil for one without rows.
  private func isPresent(
    _ change: Change, in found: [Int: [[Int: Digest]]]
  ) throws(SimulationFailure) -> Bool? {
    var places = 0
    var present = 0
    for part in change.parts {
      for (bucket, digest) in part.digests.enumerated() where digest.rowCount > 0 {
        let there = found[part.table]?[bucket][part.load]
        places += 1
        if there == digest { present += 1 }
        guard there == nil || there == digest else {
          throw SimulationFailure("load \(part.load) is there in part")
        }
      }
    }
    guard present == 0 || present == places else {
      throw SimulationFailure(
        "load \(change.number) is in \(present) of the \(places) tablets it belongs to")
    }
    return places == 0 ? nil : present > 0
  }
}

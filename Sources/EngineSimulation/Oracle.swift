import StorageBase
import TabletModel

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
      /// By bucket, the rows that stay.
      let digests: [Digest]
      /// By bucket, what it does to keys; none where keys are not unique.
      var keyed: [KeyedVersion] = []

      /// Whether a bucket gets a version. Only deletions have none of the rows that stay.
      func touches(_ bucket: Int) -> Bool {
        digests[bucket].rowCount > 0 || (!keyed.isEmpty && keyed[bucket].rowCount > 0)
      }

      /// Whether what is in segments tells that it is there.
      var isMarked: Bool {
        digests.indices.allSatisfy { digests[$0].rowCount > 0 || !touches($0) }
      }
    }

    let number: Int
    let parts: [Part]

    /// Whether its rows give some columns of those that there are.
    var isPartial: Bool {
      parts.flatMap(\.keyed).contains { if case .partial = $0 { true } else { false } }
    }

    /// Of a group load, those among them that were promised before they were visible.
    var promised: Set<Int> = []
    /// Of a load that has one.
    var transaction: TransactionID?

    var tables: [Int] { Set(parts.map(\.table)).sorted() }
    var isMarked: Bool { parts.allSatisfy(\.isMarked) }

    /// Which tablets of a table it becomes a version of.
    func touches(_ table: Int, _ bucket: Int) -> Bool {
      parts.contains { $0.table == table && $0.touches(bucket) }
    }
  }

  /// Something that is one frame of the log.
  enum Event {
    case change(Change)
    /// Rows of a group load, to become visible later.
    case promise(Change.Part)

    var number: Int {
      switch self {
      case .change(let change): change.number
      case .promise(let part): part.load
      }
    }
  }

  /// What a version of a tablet brought.
  struct Entry {
    var digests: [Int: Digest] = [:]
    var rowCounts: [Int: Int] = [:]
    /// Of unique keys, by load.
    var keyed: [KeyedVersion] = []
    var isThere = false

    /// All rows in it.
    var rowCount: Int {
      keyed.isEmpty
        ? digests.values.reduce(0) { $0 + $1.rowCount } : keyed.reduce(0) { $0 + $1.rowCount }
    }
  }

  /// By table and bucket: the versions after the first, oldest first.
  private(set) var histories: [Int: [[Entry]]] = [:]
  private(set) var uncertainTables: Set<Int> = []
  /// By table: its schema versions, and those that may have become one.
  var schemas: [Int: [SampleSchema]] = [:]
  var uncertainSchemas: [Int: [SampleSchema]] = [:]
  /// By table and load: the schema version that it was written with.
  var generations: [Int: [Int: Int]] = [:]
  /// Whether there are compactions that reach back to the first version.
  var mayForgetDeletions = true
  /// In the order of the log.
  private(set) var uncertain: [Event] = []
  /// What was acknowledged and a power failure may take, oldest first, with the time at which they
  /// are on disk for certain if the store has been maintained then.
  private(set) var volatile: [(event: Event, deadline: Timestamp?)] = []
  /// Those among `uncertain` that were acknowledged: only the last of them may be missing.
  private var takenByPowerFailure: Set<Int> = []
  /// By table, in the order of the log: rows of group loads that were promised.
  var waiting: [Int: [PromisedRows]] = [:]
  /// By table: rows of group loads that wait, and that nobody was promised.
  var submitted: [Int: [Change.Part]] = [:]
  /// Those among `submitted` that were refused in a way that a crash might show to be wrong.
  var refusedLoads: Set<Int> = []
  /// Tables of which the rows that wait may have become a version.
  var attemptedTables: Set<Int> = []
  /// By table: when the rows that wait become visible if the store is maintained then.
  var dueBy: [Int: Timestamp] = [:]
  /// When the store was opened.
  var openedAt = Timestamp(rawValue: 0)
  /// By transaction: the loads that a client may still ask about.
  var loads: [TransactionID: LoadRecord] = [:]
  /// Every id that was ever given out; none comes again.
  var seenTransactions: Set<TransactionID> = []

  // MARK: What the client hears

  mutating func tableCreated(_ table: SampleTable) {
    uncertainTables.remove(table.number)
    schemas[table.number] = [table.schema]
    histories[table.number] = Array(repeating: [], count: table.definition.bucketCount)
  }

  mutating func tableMayExist(_ table: SampleTable) { uncertainTables.insert(table.number) }

  /// Something was written to the log. What failed before it in the same process has been cut off.
  /// - Parameter isSynced: whether it is on disk, and with it all that was written before.
  mutating func wrote(isSynced: Bool) {
    uncertain.removeAll()
    uncertainSchemas.removeAll()
    attemptedTables.removeAll()
    for table in submitted.keys {
      submitted[table]?.removeAll { refusedLoads.contains($0.load) }
    }
    refusedLoads.removeAll()
    for id in loads.keys { loads[id]?.settleInProcess() }
    if isSynced { volatile.removeAll() }
  }

  /// A commit returned.
  /// - Parameter deadline: when it is on disk; nil when nobody promised that.
  mutating func acknowledged(_ change: Change, isSynced: Bool, deadline: Timestamp? = nil) {
    wrote(isSynced: isSynced)
    append(change)
    if !isSynced { addVolatile(.change(change), deadline: deadline) }
  }

  mutating func addVolatile(_ event: Event, deadline: Timestamp?) {
    volatile.append((event, deadline))
  }

  /// The store has done what was due.
  mutating func maintained(at now: Timestamp) {
    if let due = volatile.lastIndex(where: { $0.deadline.map { $0 <= now } ?? false }) {
      volatile.removeSubrange(...due)
    }
  }

  /// A commit threw something that does not say that nothing has happened.
  mutating func mayHaveHappened(_ change: Change) { uncertain.append(.change(change)) }

  /// The same of rows of a group load.
  mutating func mayBePromised(_ part: Change.Part) { uncertain.append(.promise(part)) }

  /// Power was lost.
  mutating func powerLost() {
    for (event, _) in volatile.reversed() {
      guard case .change(let change) = event else { continue }
      remove(change)
      waitAgain(change)
    }
    for (event, _) in volatile {
      if case .promise(let part) = event { setCertain(part, false) }
    }
    uncertain = volatile.map(\.event) + uncertain
    let lost = Set(volatile.map(\.event.number))
    takenByPowerFailure.formUnion(lost)
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
      for (bucket, digest) in part.digests.enumerated() where part.touches(bucket) {
        entries[bucket].isThere = true
        if digest.rowCount > 0 {
          entries[bucket].digests[part.load] = digest
          entries[bucket].rowCounts[part.load] = part.rowCount
        }
        if !part.keyed.isEmpty { entries[bucket].keyed.append(part.keyed[bucket]) }
      }
    }
    return entries
  }

  mutating func append(_ change: Change) {
    for table in change.tables {
      for (bucket, entry) in entries(of: change, in: table).enumerated()
      where entry.isThere {
        histories[table]?[bucket].append(entry)
      }
    }
  }

  private mutating func remove(_ change: Change) {
    for table in change.tables {
      for (bucket, entry) in entries(of: change, in: table).enumerated()
      where entry.isThere {
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

  /// By load, what a tablet holds at a version of rows that stay.
  func contents(of table: Int, bucket: Int, at version: Version) -> [Int: Digest] {
    var contents: [Int: Digest] = [:]
    for entry in (histories[table]?[bucket] ?? []).prefix(Int(version.rawValue) - 1) {
      contents.merge(entry.digests) { $1 }
    }
    return contents
  }

  /// The ids of all rows of a table whose keys are not unique.
  func idsWithoutKeys(of table: Int) -> [Int] {
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
  /// - Parameters:
  ///   - found: by table and bucket, what was read of each load.
  ///   - versions: by table, the versions of its tablets.
  ///   - state: of transactions, as far as the store knows them.
  /// - Returns: the numbers of those that have happened.
  mutating func recovered(
    _ found: [Int: [[Int: Digest]]], versions: [Int: [Version]],
    state: (TransactionID) -> TransactionState?
  ) throws(SimulationFailure) -> Set<Int> {
    let candidates = uncertain
    uncertain.removeAll()
    var kept: Set<Int> = []
    var firstLost: Int?
    var promises: [Change.Part] = []
    for (index, event) in candidates.enumerated() {
      let wasAcknowledged = takenByPowerFailure.contains(event.number)
      switch event {
      case .promise(let part):
        // In doubt until the next version of its table.
        if wasAcknowledged {
          promises.append(part)
        } else {
          waiting[part.table, default: []].append(PromisedRows(part: part, isCertain: false))
        }
      case .change(let change):
        // A decision that threw and was asked for again is one change all the same.
        guard !kept.contains(change.number) else { continue }
        let isThere =
          change.isMarked
          ? try isPresent(change, in: found)
          : try isVisible(change, before: candidates[(index + 1)...], found, versions, state)
        if isThere == false, wasAcknowledged { firstLost = firstLost ?? change.number }
        guard isThere ?? false else { continue }
        if let firstLost, wasAcknowledged {
          throw SimulationFailure(
            "load \(change.number) survived, and \(firstLost) before it did not")
        }
        kept.insert(change.number)
        append(change)
        becameVisible(change)
        // What was in the log before it is there as well.
        for part in promises { setCertain(part, true) }
      }
    }
    try recoveredAttempts(found, after: promises, isBroken: firstLost != nil)
    takenByPowerFailure.removeAll()
    return kept
  }

  /// Whether a change is there of which segments do not tell, as its transaction says, or else the
  /// versions that there are.
  private func isVisible(
    _ change: Change, before later: ArraySlice<Event>, _ found: [Int: [[Int: Digest]]],
    _ versions: [Int: [Version]], _ state: (TransactionID) -> TransactionState?
  ) throws(SimulationFailure) -> Bool {
    if let id = change.transaction, let state = state(id) { return state == .visible }
    guard let part = change.parts.first,
      let bucket = part.digests.indices.first(where: { part.touches($0) }),
      let version = versions[part.table]?[bucket]
    else { return false }
    var known = histories[part.table]?[bucket].count ?? 0
    for case .change(let other) in later where other.isMarked {
      if other.touches(part.table, bucket), try isPresent(other, in: found) ?? false { known += 1 }
    }
    return version > Version(Int64(known + 1))
  }

  /// Rows of a version that a power failure did not take no longer wait.
  private mutating func becameVisible(_ change: Change) {
    for part in change.parts where change.promised.contains(part.load) {
      waiting[part.table]?.removeAll { $0.part.load == part.load }
    }
  }

  /// Whether a change is there; nil for one without rows.
  func isPresent(
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

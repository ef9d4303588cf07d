import StorageBase
import TabletEngine

// Versions that rows of group loads become.
extension Simulation {
  /// Does something that makes waiting rows visible, and takes down which.
  /// - Parameter now: when those that are due by then have to be; all of them when nil.
  func publishing(dueAt now: Timestamp?, _ body: () throws -> Void) throws {
    let tables = oracle.tables
    func due() -> [Int] {
      guard let now else { return tables }
      return tables.filter { oracle.dueBy[$0].map { $0 <= now } ?? false }
    }
    // Within a step that publishes as well, that one may be at work on any table.
    let isChecked = !isPublishing
    let dueBefore = due()
    let before = Dictionary(uniqueKeysWithValues: tables.map { ($0, oracle.waitingLoads(of: $0)) })
    let wasPublishing = isPublishing
    isPublishing = true
    defer { isPublishing = wasPublishing }
    do {
      try body()
    } catch {
      try noticeGroupLoads()
      let isKnown: Bool = if case StorageError.tooManyVersions = error { true } else { false }
      groupLoadFailed(tables, mayHaveHappened: !(isKnown && world.isHealthy))
      try hearTickets()
      throw error
    }
    try noticeGroupLoads()
    if isChecked {
      let dueAfter = Set(due())
      for table in dueBefore where now == nil || oracle.isEmpty(table) || dueAfter.contains(table) {
        try requirePublished(before[table] ?? [], of: table)
      }
    }
    try hearTickets()
  }

  /// After everything that waited has been made visible.
  private func requirePublished(_ loads: [Int], of table: Int) throws {
    let uncertain = Set((oracle.waiting[table] ?? []).filter { !$0.isCertain }.map(\.part.load))
    if uncertain.isSubset(of: loads) { oracle.settleWaiting(of: table) }
    let rest = Set(loads).intersection(oracle.waitingLoads(of: table))
      .subtracting(oracle.refusedLoads)
      .filter { !isEmptyLoad($0, of: table) }
    guard rest.isEmpty else {
      throw SimulationFailure("loads \(rest.sorted()) of table \(table) are due and wait on")
    }
  }

  private func isEmptyLoad(_ load: Int, of table: Int) -> Bool {
    (oracle.submitted[table] ?? []).contains { $0.load == load && $0.rowCount == 0 }
  }

  /// When a version of the table is on disk.
  func promise(of table: SampleTable) -> (isSynced: Bool, deadline: Timestamp?) {
    switch table.definition.durability {
    case .sync: (true, nil)
    case .group(let milliseconds):
      (false, world.clock.now().advanced(bySeconds: Double(milliseconds) / 1000))
    case .none: (false, nil)
    }
  }

  /// Takes down versions that rows of group loads have become.
  func noticeGroupLoads() throws {
    guard let store = world.store else { return }
    // Their transactions let others be forgotten.
    oracle.mayForget(
      before: world.clock.now().advanced(bySeconds: -world.options.labelRetention.seconds))
    // In the order in which the store goes through its tables.
    for name in store.snapshot().map(\.definition.name) {
      guard let table = knownTables.first(where: { $0.name == name }),
        let loads = try loads(thatAppearedIn: table)
      else { continue }
      let (isSynced, deadline) = promise(of: table)
      let change = try oracle.published(
        loads, in: table.number, isSynced: isSynced, deadline: deadline, next: dueTime)
      try compareNewest(table, change, in: store, oracle)
      trace.note("group load visible", "\(change.parts.map(\.load))")
    }
  }

  /// The loads of a version that the oracle has not heard of; nil when there is none.
  func loads(thatAppearedIn table: SampleTable) throws -> Set<Int>? {
    guard let store = world.store else { return nil }
    return try loads(thatAppearedIn: table, of: store, oracle)
  }

  func loads(
    thatAppearedIn table: SampleTable, of store: Store, _ oracle: Oracle
  ) throws -> Set<Int>? {
    let snapshot = try store.snapshot(of: table.name)
    let tablets = snapshot.tablets
    let known = oracle.versions(of: table.number)
    guard tablets.map(\.version) != known else { return nil }
    var loads: Set<Int> = []
    for (tablet, version) in zip(tablets, known) where tablet.version != version {
      guard tablet.version == version.next else {
        throw SimulationFailure(
          "table \(table.name) is at version \(tablet.version), expected \(version)")
      }
      let rows = try newestRows(tablet, of: table, as: snapshot.definition, oracle)
      loads.formUnion(rows.keys)
    }
    return loads
  }

  private func newestRows(
    _ tablet: TabletSnapshot, of table: SampleTable, as definition: TableDefinition,
    _ oracle: Oracle
  ) throws -> [Int: Digest] {
    let schema = try oracle.schema(of: table, as: definition)
    return try withoutFaults {
      try table.read(tablet.rowsets.last?.segments ?? [], as: definition.schema) {
        oracle.row($0, of: table, in: schema)
      }
    }
  }

  /// The new version has the rows of its loads and nothing else.
  func compareNewest(
    _ table: SampleTable, _ change: Oracle.Change, in store: Store, _ oracle: Oracle
  ) throws {
    let snapshot = try store.snapshot(of: table.name)
    let tablets = snapshot.tablets
    guard tablets.map(\.version) == oracle.versions(of: table.number) else {
      throw SimulationFailure(
        "a group load made the versions \(tablets.map(\.version)) of table \(table.name), "
          + "expected \(oracle.versions(of: table.number))")
    }
    for (bucket, tablet) in tablets.enumerated() {
      var expected: [Int: Digest] = [:]
      for part in change.parts where part.digests[bucket].rowCount > 0 {
        expected[part.load] = part.digests[bucket]
      }
      guard !expected.isEmpty else { continue }
      let found = try newestRows(tablet, of: table, as: snapshot.definition, oracle)
      guard found == expected else {
        throw SimulationFailure(
          "a group load of \(table.name) has \(found.keys.sorted()), expected "
            + "\(expected.keys.sorted())")
      }
    }
  }
}

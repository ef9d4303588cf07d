import StorageBase
import StorageIO
import TabletEngine

/// A snapshot that somebody holds while the store goes on.
struct HeldSnapshot {
  let table: Int
  let snapshot: TableSnapshot
  let versions: [Version]
}

// What readers see.
extension Simulation {
  private var readableTable: SampleTable? {
    let known = oracle.tables
    return known.isEmpty ? nil : tables[known[random.index(of: known)]]
  }

  /// Reads a table as it is now.
  func read() throws {
    guard let store = world.store, let table = readableTable else { return }
    try attempt("read", table.name) {
      try compare(
        try store.snapshot(of: table.name), of: table, in: oracle)
    }
  }

  func hold() {
    guard let store = world.store, let table = readableTable, held.count < 4,
      let snapshot = store.snapshot().first(where: { $0.definition.name == table.name })
    else { return }
    held.append(
      HeldSnapshot(
        table: table.number, snapshot: snapshot, versions: oracle.versions(of: table.number)))
    trace.note("hold", table.name)
  }

  /// A held snapshot shows what it showed when it was taken, whatever has happened since.
  func readHeld() throws {
    guard !held.isEmpty else { return }
    let reader = held[random.index(of: held)]
    try attempt("read held") {
      try compare(reader.snapshot, of: tables[reader.table], in: oracle, at: reader.versions)
    }
  }

  /// An older version, if it is still kept, reads as it did when it was the newest.
  func readOlder() throws {
    guard let store = world.store, let table = readableTable else { return }
    let snapshot = try store.snapshot(of: table.name)
    guard table.keys == nil else { return try readPast(of: snapshot, table) }
    let bucket = random.index(of: snapshot.tablets)
    let tablet = snapshot.tablets[bucket]
    let version = Version(1 + Int64(random.next() % UInt64(tablet.version.rawValue)))
    let segments: [RowsetSegment]
    do {
      segments = try tablet.segments(at: version)
    } catch {
      guard version < tablet.version else {
        throw SimulationFailure("the newest version cannot be read: \(error)")
      }
      trace.note("version gone", "\(version)")
      return
    }
    try attempt("read older", "\(table.name) \(version)") {
      let expected = oracle.contents(of: table.number, bucket: bucket, at: version)
      try compare(
        try read(segments, of: table, as: snapshot.definition, oracle), expected, table, bucket,
        version)
    }
  }

  /// Reads everything, when nothing can excuse an error.
  func readAll() throws {
    guard let store = world.store else { return }
    try readAll(of: store, oracle)
  }

  func readAll(of store: Store, _ oracle: Oracle) throws {
    for table in tables where oracle.tables.contains(table.number) {
      try compare(try store.snapshot(of: table.name), of: table, in: oracle)
    }
  }

  /// Reads: an error is excused by faults, wrong rows are not.
  func attempt(_ what: String, _ detail: String = "", _ body: () throws -> Void) throws {
    do {
      try body()
      trace.note(what, detail)
    } catch {
      try excuse(error, what, detail)
    }
  }

  /// - Parameter versions: those to be seen; the newest when nil.
  private func compare(
    _ snapshot: TableSnapshot, of table: SampleTable, in oracle: Oracle,
    at versions: [Version]? = nil
  ) throws {
    let versions = versions ?? oracle.versions(of: table.number)
    let found = snapshot.tablets.map(\.version)
    guard found == versions else {
      throw SimulationFailure("table \(table.name): versions \(found), expected \(versions)")
    }
    try compareRows(of: snapshot, table, in: oracle)
  }

  /// A table shows what its tablets had at their versions.
  func compareRows(of snapshot: TableSnapshot, _ table: SampleTable, in oracle: Oracle) throws {
    guard table.keys == nil else { return try compareKeys(snapshot, of: table, in: oracle) }
    for (bucket, tablet) in snapshot.tablets.enumerated() {
      let expected = oracle.contents(of: table.number, bucket: bucket, at: tablet.version)
      let found = try read(tablet.segments, of: table, as: snapshot.definition, oracle)
      try compare(found, expected, table, bucket, tablet.version)
    }
  }

  /// What there is of each load in some segments.
  private func read(
    _ segments: [RowsetSegment], of table: SampleTable, as definition: TableDefinition,
    _ oracle: Oracle
  ) throws -> [Int: Digest] {
    let schema = try oracle.schema(of: table, as: definition)
    return try table.read(segments, as: definition.schema) {
      oracle.row($0, of: table, in: schema)
    }
  }

  private func compare(
    _ found: [Int: Digest], _ expected: [Int: Digest], _ table: SampleTable, _ bucket: Int,
    _ version: Version
  ) throws {
    guard found != expected else { return }
    let loads = Set(found.keys).union(expected.keys).sorted()
    let differences = loads.filter { found[$0] != expected[$0] }.map { load in
      "load \(load): \(found[load]?.rowCount ?? 0) rows, expected \(expected[load]?.rowCount ?? 0)"
    }
    throw SimulationFailure(
      "table \(table.name) bucket \(bucket) version \(version): "
        + differences.prefix(5).joined(separator: "; "))
  }

  // MARK: After a start

  /// What has been opened must have what was acknowledged; what was uncertain is looked up, and is
  /// certain from now on.
  func recover() throws {
    guard let store = world.store else { return }
    let names = store.snapshot().map(\.definition.name)
    let unknown = names.filter { name in !tables.contains { $0.name == name } }
    guard unknown.isEmpty else { throw SimulationFailure("unknown tables \(unknown)") }
    for table in tables {
      try oracle.recovered(table, exists: names.contains(table.name))
    }
    try recoverSchemas(of: store, &oracle)
    var kept: Set<Int> = []
    if !oracle.uncertain.isEmpty || !oracle.attemptedTables.isEmpty {
      do {
        let found = try withoutFaults { try contents(of: store) }
        kept = try oracle.recovered(found, versions: try versions(of: store)) {
          store.transaction($0)?.state
        }
        trace.note("decided by recovery", "\(kept.count) kept")
      } catch let error as StorageError {
        // What was read wrongly while the store was opened stays in memory. The next process
        // finds out.
        try excuse(error, "look after recovery")
        return end(atOnce: true)
      }
    }
    oracle.opened()
    oracle.openedWaiting(at: world.clock.now())
    try oracle.compareLoads(isRestart: true, kept: kept) { store.transaction($0)?.state }
    for table in tables where oracle.tables.contains(table.number) {
      let found = try store.snapshot(of: table.name).tablets.map(\.version)
      let expected = oracle.versions(of: table.number)
      guard found == expected else {
        throw SimulationFailure(
          "table \(table.name) was recovered at versions \(found), expected \(expected)")
      }
    }
  }

  /// By table and bucket, what there is of each load.
  private func contents(of store: Store) throws -> [Int: [[Int: Digest]]] {
    var found: [Int: [[Int: Digest]]] = [:]
    for table in tables where oracle.tables.contains(table.number) {
      let snapshot = try store.snapshot(of: table.name)
      found[table.number] = try snapshot.tablets
        .map { try read($0.segments, of: table, as: snapshot.definition, oracle) }
    }
    return found
  }

  private func versions(of store: Store) throws -> [Int: [Version]] {
    var found: [Int: [Version]] = [:]
    for table in tables where oracle.tables.contains(table.number) {
      found[table.number] = try store.snapshot(of: table.name).tablets.map(\.version)
    }
    return found
  }

  /// Tables have the columns they should have, and whether changes of these have happened that
  /// threw is known from now on.
  func recoverSchemas(of store: Store, _ oracle: inout Oracle) throws {
    for table in tables where oracle.tables.contains(table.number) {
      try oracle.recoveredSchema(of: table, try store.snapshot(of: table.name).definition)
    }
  }

  /// Nothing lies about that no rowset and no recovery needs.
  func checkFiles(_ store: Store) throws {
    let needed = Set(
      store.snapshot().flatMap(\.tablets).flatMap(\.rowsets)
        .flatMap(\.allSegments).filter { !$0.isInline }.map(\.path))
    let data = SimulatedWorld.storePath + "/data"
    for directory in try world.disk.listDirectory(data) {
      for name in try world.disk.listDirectory("\(data)/\(directory)") {
        let path = "\(data)/\(directory)/\(name)"
        guard needed.contains(path) else { throw SimulationFailure("\(path) is of no use") }
      }
    }
    let checkpoints = try world.disk.listDirectory(SimulatedWorld.storePath + "/checkpoint")
    guard (1...2).contains(checkpoints.count) else {
      throw SimulationFailure("checkpoints \(checkpoints), two are enough")
    }
  }
}

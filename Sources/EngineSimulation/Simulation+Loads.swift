import ScanKernels
import StorageBase
import TabletEngine

/// A load that is encoded and waits for its commit.
struct PreparedChange {
  let load: PreparedLoad
  let change: Oracle.Change
}

// What brings rows into the store.
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
      oracle.tableCreated(table)
      trace.note("created", table.name)
    } catch {
      try excuse(error, "create", table.name)
      // Refused because of an earlier failure: nothing has been written.
      if case StorageError.storeFailed = error { return }
      oracle.tableMayExist(table)
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
    guard !prepared.isEmpty else { return }
    try commit(prepared.remove(at: random.index(of: prepared)))
  }

  /// A load of a random table, ready to be committed; nil when that failed.
  private func encode() throws -> PreparedChange? {
    let known = tables.filter { oracle.tables.contains($0.number) }
    guard let store = world.store, !known.isEmpty else { return nil }
    let table = known[random.index(of: known)]
    let number = nextLoad
    nextLoad += 1
    let rowCount = Int(random.next() % 24)
    let change = Oracle.Change(
      number: number,
      parts: [
        Oracle.Change.Part(
          table: table.number, rowCount: rowCount,
          digests: table.digests(load: number, rowCount: rowCount))
      ])
    do {
      let builder = try store.beginLoad(into: table.name)
      try builder.append(table.batch(load: number, rowCount: rowCount))
      return PreparedChange(load: try builder.prepare(), change: change)
    } catch {
      try excuse(error, "prepare", "\(number)")
      return nil
    }
  }

  private func commit(_ prepared: PreparedChange) throws {
    guard let store = world.store else { return }
    let number = prepared.change.number
    do {
      let receipt = try store.commit(prepared.load)
      oracle.acknowledged(prepared.change)
      try check(receipt, of: prepared.change, in: store)
      trace.note("load", "\(number)")
    } catch let failure as SimulationFailure {
      throw failure
    } catch {
      switch error {
      case StorageError.tooManyVersions: trace.note("too many versions", "\(number)")
      case StorageError.storeFailed:
        try excuse(error, "load", "\(number)")
      default:
        try excuse(error, "load", "\(number)")
        oracle.mayHaveHappened(prepared.change)
      }
    }
  }

  /// The versions that the client is told are those that the load became.
  private func check(
    _ receipt: CommitReceipt, of change: Oracle.Change, in store: Store
  ) throws {
    for part in change.parts {
      let tablets = try store.snapshot(of: tables[part.table].name).tablets
      let versions = oracle.versions(of: part.table)
      for (bucket, digest) in part.digests.enumerated() {
        let expected = digest.rowCount > 0 ? versions[bucket] : nil
        guard receipt.versions[tablets[bucket].id] == expected else {
          throw SimulationFailure(
            "load \(change.number) was told other versions than it has: \(receipt.versions)")
        }
      }
    }
  }

  /// Accepts an error when something was made to fail.
  func excuse(_ error: any Error, _ what: String, _ detail: String = "") throws {
    if let failure = error as? SimulationFailure { throw failure }
    guard !world.isHealthy else {
      throw SimulationFailure("\(what) \(detail) failed although nothing was wrong: \(error)")
    }
    trace.note("\(what) failed", detail)
  }
}

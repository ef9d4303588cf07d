import StorageBase
import StorageIO
import TabletEngine

/// A backup or what was restored from one, and what it has to show.
struct StoreCopy {
  let path: String
  let expected: Oracle
  /// Whether it was reported as done; one that failed may be there only if it is whole.
  let isDone: Bool
}

// Copies of the store in other directories of the same disk.
extension Simulation {
  private static let copyCountMax = 3

  private func newPath() -> String {
    defer { nextCopy += 1 }
    return "/copies/\(nextCopy)"
  }

  private var someMode: TransferMode { random.next() % 2 == 0 ? .link : .copy }

  /// Backs the store up while other steps come between.
  func backUp() throws {
    guard let store = world.store, copies.count < Self.copyCountMax else { return }
    let path = newPath()
    // Copying begins after a checkpoint, and before anything else can happen.
    // A bit that is inverted on the way is found only by whoever looks.
    let verifies = !world.isHealthy || random.next() % 2 == 0
    var expected: Oracle?
    func begin() {
      guard expected == nil else { return }
      oracle.wrote(isSynced: true)
      expected = oracle
    }
    do {
      let report = try copying {
        try store.backup(
          to: path, mode: someMode, verifies: verifies,
          onProgress: { _ in
            begin()
            self.interrupt(oneIn: 4)
          })
      }
      begin()
      guard let expected else { return }
      let rowCounts = expected.storedRowCounts(of: tables)
      guard rowCounts.contains(report.rows) else {
        throw SimulationFailure("a backup of \(report.rows) rows, expected \(rowCounts)")
      }
      if verifies || world.isHealthy {
        copies.append(StoreCopy(path: path, expected: expected, isDone: true))
      }
      trace.note("backup", "\(report.rows) rows")
    } catch {
      try excuse(error, "backup")
      // A store without files has nothing to report on the way.
      if try isStore(path) { begin() }
      try failed(path, expected)
    }
  }

  /// Makes a store of a backup, or opens it where it is, and looks whether all is there.
  func restore() throws {
    guard !copies.isEmpty else { return }
    let index = random.index(of: copies)
    let copy = copies[index]
    guard try isStore(copy.path) else {
      guard !copy.isDone else { throw SimulationFailure("the backup \(copy.path) is gone") }
      copies.remove(at: index)
      return
    }
    guard random.next() % 2 == 0 else {
      copies.remove(at: index)
      return try check(copy)
    }
    let path = newPath()
    do {
      _ = try copying {
        try StoreRestore(copy.path, files: world.faulty).run(
          to: path, mode: someMode, onProgress: { _ in self.interrupt(oneIn: 4) })
      }
      copies[index] = StoreCopy(path: path, expected: copy.expected, isDone: true)
      trace.note("restored")
    } catch {
      try excuse(error, "restore")
      try failed(path, copy.expected)
    }
  }

  private func copying<Result>(_ body: () throws -> Result) rethrows -> Result {
    isCopying = true
    defer { isCopying = false }
    return try body()
  }

  private func isStore(_ path: String) throws -> Bool {
    try world.disk.exists(path + "/SEDIMENT")
  }

  /// What has failed is no store. Only where the disk has kept that from being seen to may there be
  /// one, now or after a power failure, and then it is whole.
  private func failed(_ path: String, _ expected: Oracle?) throws {
    if let expected {
      copies.append(StoreCopy(path: path, expected: expected, isDone: false))
    } else if try isStore(path) {
      throw SimulationFailure("a backup that had not begun looks like a store")
    }
  }

  /// Opens a copy and goes on with it, which ends its use as a backup.
  private func check(_ copy: StoreCopy) throws {
    do {
      try withoutFaults { try checkContents(copy) }
    } catch {
      throw SimulationFailure("backup \(copy.path): \(error)")
    }
    trace.note("backup opened")
  }

  private func checkContents(_ copy: StoreCopy) throws {
    var expected = copy.expected
    var options = world.options
    options.tabletVersionCountMax = 1000
    let store = try Store.open(
      copy.path, files: world.faulty, clock: world.clock, options: options)
    let names = store.snapshot().map(\.definition.name)
    for table in tables { try expected.recovered(table, exists: names.contains(table.name)) }
    try recoverSchemas(of: store, &expected)
    try expected.compareLoads(isRestart: true) { store.transaction($0)?.state }
    try readAll(of: store, expected)
    try verify(store)
    // What waited in the store waits in the copy.
    for load in expected.loads.values.sorted(by: { $0.id < $1.id })
    where load.possible == [.precommitted] {
      try store.commit(transaction: load.id)
      expected.acknowledged(load.change, isSynced: true)
    }
    try readAll(of: store, expected)
    try store.flushGroupLoads()
    for table in tables where expected.tables.contains(table.number) {
      guard let loads = try loads(thatAppearedIn: table, of: store, expected) else { continue }
      let change = try expected.published(
        loads, in: table.number, isSynced: true, deadline: nil, next: world.clock.now())
      try compareNewest(table, change, in: store, expected)
    }
    for table in expected.tables {
      let rest = (expected.waiting[table] ?? []).filter(\.isCertain)
      guard rest.isEmpty else {
        throw SimulationFailure("promised loads \(rest.map(\.part.load)) are not in it")
      }
    }
    try readAll(of: store, expected)
    try verify(store)
  }
}

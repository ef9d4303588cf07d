import StorageBase
import StorageIO
import TabletEngine

// How long opening a store takes that was not closed after a checkpoint, by versions.
extension CommitBed {
  func measureRecovery(into findings: inout CommitFindings) throws {
    for versionCount in [1000, 10_000, 40_000] {
      let path = folder + "/recovery"
      defer { DataDirectory.remove(path) }
      try fill(path, versionCount: versionCount)
      let replayed = try open(path)
      let variant = "\(versionCount) versions"
      findings.add("recovery", variant, "log replayed, MB", Double(replayed.bytes) / 1e6)
      findings.add("recovery", variant, "opening, ms", replayed.milliseconds)
      try makeStoreCheckpoint(path)
      findings.add(
        "recovery", variant + ", checkpoint", "opening, ms", try open(path).milliseconds)
    }
  }

  /// Inline loads of 100 rows, in turn into as many tables as the limit of versions asks for.
  private func fill(_ path: String, versionCount: Int) throws {
    let store = try makeStore(path, options)
    let perTable = Limits.tabletVersionCountMax / bucketCount / 2
    let names = (0...versionCount / perTable).map { "orders_\($0)" }
    for name in names { try store.createTable(definition(.none, name: name)) }
    let rows = try batches(100)
    for load in 0..<versionCount / bucketCount {
      try store.load(rows[load % rows.count], into: names[load % names.count])
    }
  }

  private func makeStoreCheckpoint(_ path: String) throws {
    let store = try Store.open(
      path, files: PosixFileSystem(), clock: SystemClock(), options: options)
    try store.checkpoint()
  }

  /// - Returns: the bytes of the newest log file, all of which are replayed, and the time.
  private func open(_ path: String) throws -> (bytes: UInt64, milliseconds: Double) {
    let files = PosixFileSystem()
    let logs = try files.listDirectory(path + "/log")
    let bytes = try files.openForReading("\(path)/log/\(logs[logs.count - 1])", cause: .tool)
      .byteCount
    let clock = MonotonicClock()
    let start = clock.now()
    let store = try Store.open(path, files: files, clock: SystemClock(), options: options)
    let milliseconds = Double(clock.now() - start) / 1e6
    withExtendedLifetime(store) {}
    return (bytes, milliseconds)
  }
}

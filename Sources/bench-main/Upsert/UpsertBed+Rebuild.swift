import BenchKit
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

// What opening a store with unique keys costs before its first load.
extension UpsertBed {
  /// Fills a store, closes it, and opens it again; the first look-up builds the key index from the
  /// key columns. Timed by the processor, on one thread; the files are in memory by then, as far as
  /// the system keeps them there.
  func measureRebuild(into findings: inout CommitFindings) throws {
    guard options.index == .hash, options.merge == .onWrite else { return }
    let path = folder + "/store"
    defer { DataDirectory.remove(path) }
    try { try fill(create(path, PosixFileSystem())) }()
    try addRebuild("as loaded", at: path, into: &findings)
    try { try compact(open(path)) }()
    try addRebuild("compacted", at: path, into: &findings)
  }

  private func addRebuild(
    _ variant: String, at path: String, into findings: inout CommitFindings
  ) throws {
    let store = try open(path)
    let table = try store.snapshot(of: Self.table)
    let key = AlignedBuffer(byteCount: 8)
    key.mutableValues(as: Int64.self)[0] = 2
    let start = ProcessUsage.threadCPUSeconds()
    let found = try table.lookup([ColumnVector(type: .int64, count: 1, body: .fixed(key))])
    let seconds = ProcessUsage.threadCPUSeconds() - start
    guard found.rowCount == 1, let index = table.tablets[0].keyIndexMemory else {
      throw StorageError.invalidArgument(
        name: "order 2", value: "\(found.rowCount) rows", reason: "it was loaded")
    }
    findings.add("rebuild", variant, "keys", Double(index.keyCount))
    findings.add("rebuild", variant, "keys/s", Double(index.keyCount) / seconds)
    findings.add(
      "rebuild", variant, "index bytes a key",
      Double(index.byteCount) / Double(max(1, index.keyCount)))
  }
}

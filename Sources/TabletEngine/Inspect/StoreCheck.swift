import StorageBase
import StorageIO

/// Verifies a store that no process has open, and changes nothing in it.
public struct StoreCheck {
  public struct Result: Sendable {
    public let report: StoreVerifier.Report
    /// What opening the store would find in its log.
    public let recovery: RecoveryReport
    /// Files of loads and compactions that never committed, which opening the store removes.
    public let orphanCount: Int
  }

  private let layout: StoreLayout
  private let files: any FileSystem

  public init(_ path: String, files: any FileSystem) {
    layout = StoreLayout(root: path)
    self.files = files
  }

  /// - Parameter progress: told after each rowset how many have been checked, and of how many.
  /// - Throws: `StorageError` for what is no store, is open, or has a log that cannot be read.
  public func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Result {
    let identity = try StoreIdentity.read(files, layout: layout)
    // A backup that was never opened has no such file, and gets none.
    let lock = try files.exists(layout.lock) ? files.lock(layout.lock) : nil
    defer { withExtendedLifetime(lock) {} }
    var recovery = Recovery(
      files: files, layout: layout, storeID: identity.storeID,
      caches: StoreCaches(StoreOptions()), toleratesLostInlineBytes: true)
    _ = try recovery.read()
    let orphanCount = try recovery.orphans().count
    var report = StoreVerifier(recovery.catalogue).run(progress: progress)
    report.problems += recovery.groupRowProblems()
    return Result(report: report, recovery: recovery.report, orphanCount: orphanCount)
  }
}

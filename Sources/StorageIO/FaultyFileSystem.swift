import StorageBase

/// Another file system, of which some operations fail as a `FaultPlan` says. Thread-safe, and with
/// one thread deterministic.
///
/// Its files offer no `mapping`, so that every read is an operation that can fail.
public final class FaultyFileSystem: FileSystem {
  private let base: any FileSystem
  private let injector: FaultInjector

  public init(_ base: any FileSystem, plan: FaultPlan = .none) {
    self.base = base
    injector = FaultInjector(plan)
  }

  /// Operations asked for since the plan was set, failed ones included.
  public var operationCount: Int { injector.operationCount }

  /// The faults that happened since the plan was set, in order.
  public var injectedFaults: [InjectedFault] { injector.injected }

  /// Sets another plan and begins to count from 0.
  public func replacePlan(_ plan: FaultPlan) { injector.replacePlan(plan) }

  public var counters: IOCounters { base.counters }

  public func createDirectory(_ path: String) throws {
    _ = try injector.proceed(.createDirectory, path)
    try base.createDirectory(path)
  }

  public func listDirectory(_ path: String) throws -> [String] {
    _ = try injector.proceed(.listDirectory, path)
    return try base.listDirectory(path)
  }

  public func exists(_ path: String) throws -> Bool {
    _ = try injector.proceed(.exists, path)
    return try base.exists(path)
  }

  public func create(_ path: String, cause: IOCause) throws -> any WritableFile {
    _ = try injector.proceed(.create, path)
    return FaultyWritableFile(try base.create(path, cause: cause), injector)
  }

  public func openForAppending(_ path: String, cause: IOCause) throws -> any WritableFile {
    _ = try injector.proceed(.openForAppending, path)
    return FaultyWritableFile(try base.openForAppending(path, cause: cause), injector)
  }

  public func openForReading(_ path: String, cause: IOCause) throws -> any ReadableFile {
    _ = try injector.proceed(.openForReading, path)
    return FaultyReadableFile(try base.openForReading(path, cause: cause), injector)
  }

  public func rename(_ source: String, to target: String) throws {
    _ = try injector.proceed(.rename, source)
    try base.rename(source, to: target)
  }

  public func link(_ source: String, to target: String) throws {
    _ = try injector.proceed(.link, source)
    try base.link(source, to: target)
  }

  public func remove(_ path: String) throws {
    _ = try injector.proceed(.remove, path)
    try base.remove(path)
  }

  public func removeDirectory(_ path: String) throws {
    _ = try injector.proceed(.removeDirectory, path)
    try base.removeDirectory(path)
  }

  public func syncDirectory(_ path: String, cause: IOCause) throws {
    guard try injector.proceed(.syncDirectory, path) else { return }
    try base.syncDirectory(path, cause: cause)
  }

  public func lock(_ path: String) throws -> any FileLock {
    _ = try injector.proceed(.lock, path)
    return try base.lock(path)
  }

  public func freeByteCount(_ path: String) throws -> UInt64 {
    _ = try injector.proceed(.freeByteCount, path)
    return try base.freeByteCount(path)
  }
}

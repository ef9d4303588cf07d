import ScanKernels
import StorageBase

/// Where the rows of a stream go, in loads of two phases. Thread-safe.
///
/// What the stream relies on: rows of a pre-committed load are durable and invisible; a commit may
/// be repeated; a label belongs to one load that has not been aborted, and leads to it also after a
/// restart of either side. So it is with Stream Load of Apache Doris, with or without HTTP between.
public protocol StreamSink: Sendable {
  /// Resolves what an earlier run has left: commits again what its last checkpoint names, and
  /// aborts what came after that.
  /// - Throws: `StorageError.damaged` when the checkpoint and the loads contradict each other, so
  ///   that rows would be lost or come twice.
  func recover(_ recovery: SinkRecovery) throws

  /// Begins a load.
  /// - Parameter label: nil for one that nobody will look for.
  func begin(_ label: LoadLabel?) throws -> any SinkLoad

  /// Makes a pre-committed load visible; does nothing when it is.
  /// - Throws: `StorageError.tooManyVersions` when it should be tried again later.
  func commit(_ load: PendingLoad) throws

  /// How near its tables are to refusing loads: 0 for not at all, 1 when they do.
  func versionFill() -> Double
}

/// One load while its rows arrive. Not thread-safe; letting go of it aborts it.
public protocol SinkLoad: AnyObject {
  /// Adds rows of a table.
  func append(_ write: TableWrite) throws

  /// Makes the rows durable, and visible to nobody.
  /// - Returns: what is to be committed, one after the other: rows that do not go together become
  ///   visible apart.
  /// - Throws: `StorageError.tooManyVersions` when it should be tried again later.
  func precommit() throws -> [PendingLoad]

  /// Makes the rows visible, in one phase.
  /// - Throws: `StorageError.tooManyVersions` when it should be tried again later.
  func commit() throws
}

/// A load that has been pre-committed, and is to be committed.
public struct PendingLoad: Hashable, Sendable {
  public var label: String
  public var transaction: TransactionID

  public init(label: String, transaction: TransactionID) {
    self.label = label
    self.transaction = transaction
  }
}

/// What a sink has to know of an earlier run.
public struct SinkRecovery: Sendable {
  /// Of the labels.
  public var prefix: String
  /// The last checkpoint; 0 when there is none.
  public var checkpoint: UInt64
  /// The loads it names.
  public var pending: [PendingLoad]
  /// Whether loads that nobody remembers any more count as committed.
  public var assumesCommitted: Bool

  public init(
    prefix: String, checkpoint: UInt64, pending: [PendingLoad], assumesCommitted: Bool = false
  ) {
    self.prefix = prefix
    self.checkpoint = checkpoint
    self.pending = pending
    self.assumesCommitted = assumesCommitted
  }
}

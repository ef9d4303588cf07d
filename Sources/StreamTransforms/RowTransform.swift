import StorageBase

/// What happens to rows one by one, a batch of columns at a time. Not thread-safe: it may hold
/// caches, so every subtask has its own.
public protocol RowTransform {
  /// The columns of what `apply` returns.
  var outputSchema: Schema { get }
  var counters: StepCounters { get }
  /// By column of what `apply` returns, the columns of its input that the values are made of: a row
  /// that lacks one of them lacks it.
  var origins: [[Int]] { get }

  /// - Parameters:
  ///   - now: the time that rules about the present and caches go by.
  ///   - rejected: gets the rows that are sent away.
  /// - Returns: the rows that go on, in their order.
  /// - Throws: what ends the stream, such as a dimension that cannot be read.
  /// - Precondition: the batch has the columns that the transform was made for.
  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch
}

extension RowTransform {
  /// Of a step that leaves columns in their places.
  public var origins: [[Int]] { outputSchema.columns.indices.map { [$0] } }
}

/// What became of the rows of one step so far.
public struct StepCounters: Hashable, Sendable {
  public var name: String
  public var rowsIn = 0
  public var rowsOut = 0
  /// Rows that were left out without a trace.
  public var rowsDropped = 0
  /// Rows that went to the dead letters.
  public var rowsDiverted = 0
  /// Values that a rule replaced.
  public var valuesFixed = 0
  /// Rows of a lookup that a cache knew, misses that it knew among them.
  public var cacheHits = 0
  /// Rows of a lookup that the dimension was asked for.
  public var cacheMisses = 0

  public init(name: String) { self.name = name }

  /// Adds those of another subtask.
  public mutating func add(_ other: StepCounters) {
    rowsIn += other.rowsIn
    rowsOut += other.rowsOut
    rowsDropped += other.rowsDropped
    rowsDiverted += other.rowsDiverted
    valuesFixed += other.valuesFixed
    cacheHits += other.cacheHits
    cacheMisses += other.cacheMisses
  }
}

/// How rows are handed over to tables.
public enum Delivery: Hashable, Sendable {
  /// One load a writer and checkpoint, in two phases: every row is there once.
  case exactlyOnce
  /// Loads of one phase, as soon as one of the limits is met: rows are visible earlier, and those
  /// since the last checkpoint come again after a crash, so that each is there at least once (the
  /// batch mode of the connectors of Apache Doris).
  case batches(BatchLimits)
}

/// When a batch is full.
public struct BatchLimits: Hashable, Sendable {
  public var rowCount: Int
  public var byteCount: Int
  /// Since its first row.
  public var seconds: Double

  /// The limits of the Flink connector of Apache Doris unless told: 500 000 rows, 100 MiB, 10 s.
  public init(rowCount: Int = 500_000, byteCount: Int = 100 << 20, seconds: Double = 10) {
    self.rowCount = rowCount
    self.byteCount = byteCount
    self.seconds = seconds
  }
}

import StorageBase

/// A stream as it is to run: what `StreamRun` needs, and what a pipeline file is turned into.
public struct StreamPlan: Sendable {
  public var source: any StreamSource
  public var sink: any StreamSink
  /// Makes the stages of a writer, which judges its first rows by the horizon.
  public var stages:
    @Sendable (_ writer: Int, _ horizon: EventTimeHorizon) throws -> any StreamStages
  /// Made once in a run.
  public var operators: @Sendable () throws -> any StreamOperators = { NoOperators() }
  /// Nil where columns never change.
  var schema: SchemaKeeper?
  /// Names the loads of the stream, and no others.
  public var labelPrefix: String
  /// How many writers there are, at least 1; may change from run to run.
  public var writerCount = 1
  /// Rows read at a time, at most.
  public var batchRowCount = 8192
  public var delivery = Delivery.exactlyOnce
  public var pacing = CheckpointPacing(seconds: 5)
  /// A partition that shows no rows for so long does not hold event time back.
  public var idleSeconds = 60.0
  /// Digest of what must not change between runs.
  public var digest: UInt64 = 0

  public init(
    source: any StreamSource, sink: any StreamSink, labelPrefix: String,
    stages:
      @escaping @Sendable (_ writer: Int, _ horizon: EventTimeHorizon) throws -> any StreamStages
  ) {
    self.source = source
    self.sink = sink
    self.labelPrefix = labelPrefix
    self.stages = stages
  }
}

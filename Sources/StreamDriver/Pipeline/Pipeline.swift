import IngestDriver
import StorageBase
import StorageIO
import StreamTransforms
import TabletEngine

/// A pipeline made ready to run on a store. Thread-safe.
public struct Pipeline: Sendable {
  public let spec: PipelineSpec
  public let plan: StreamPlan
  /// The tables it writes whose names do not depend on rows.
  public let tableNames: [String]

  /// Makes source, stages and sink of a description, and creates tables that are not there.
  /// - Throws: `StorageError` and `SQLError` for what does not fit together.
  public init(
    _ spec: PipelineSpec, store: Store, files: any FileSystem, clock: any TimeSource
  ) throws {
    let source = try Self.source(spec.source, files: files, clock: clock)
    try self.init(spec, from: source, store: store)
  }

  /// The same with a source of one's own, in place of the one that is described.
  public init(_ spec: PipelineSpec, from source: any StreamSource, store: Store) throws {
    let tables = StoreTables(store)
    let windows = try spec.windows.map { window in
      PipelineWindow(
        name: window.name, plan: try WindowPlan(window.window, input: source.schema))
    }
    for (window, table) in zip(windows, spec.windows) {
      try tables.require(
        window.name, rows: window.plan.outputSchema,
        layout: TableLayout(resultsOf: window.plan, bucketCount: table.bucketCount))
    }
    // What is wrong with a table shows before anything runs.
    _ = try PipelineStages(
      spec, rows: source.schema, windows: windows, tables: tables, horizon: EventTimeHorizon())
    tableNames = spec.tables.map(\.name).filter { !$0.contains("{") } + windows.map(\.name)
    var plan = StreamPlan(
      source: source, sink: StoreSink(store, tables: tableNames), labelPrefix: spec.name
    ) { _, horizon in
      try PipelineStages(
        spec, rows: source.schema, windows: windows, tables: tables, horizon: horizon)
    }
    plan.operators = { WindowOperators(windows) }
    plan.writerCount = spec.writerCount
    plan.batchRowCount = spec.batchRowCount
    plan.delivery = spec.delivery
    plan.idleSeconds = spec.idleSeconds
    plan.pacing = CheckpointPacing(
      seconds: spec.checkpointSeconds, longestSeconds: spec.longestCheckpointSeconds)
    plan.digest = spec.digest
    self.spec = spec
    self.plan = plan
  }

  private static func source(
    _ spec: SourceSpec, files: any FileSystem, clock: any TimeSource
  ) throws -> any StreamSource {
    switch spec {
    case .generated(let generator):
      let rows = generator.rowCount.map {
        UInt64($0.ceilingDivision(by: generator.partitionCount))
      }
      return GeneratedSource(
        try generator.factory(), partitionCount: generator.partitionCount,
        rowsPerPartition: rows, rowsPerSecond: generator.rowsPerSecond, clock: clock)
    case .files(let text):
      return try TextStream(
        text.path, mapping: text.inputMapping(files), isFollowed: text.isFollowed, files: files,
        clock: clock)
    case .standardInput(let text):
      guard let mapping = try text.inputMapping(files) else {
        throw StorageError.invalidArgument(
          name: "source", value: "stdin", reason: "it needs a mapping")
      }
      return StandardInputStream(mapping: mapping, clock: clock)
    }
  }
}

extension TextSpec {
  /// - Returns: nil when it is to be guessed.
  fileprivate func inputMapping(_ files: any FileSystem) throws -> InputMapping? {
    var mapping = try self.mapping.map { try InputMapping(file: $0, files: files) }
    if format == .json, mapping?.json == nil { mapping?.json = JSONDialect() }
    return mapping
  }
}

extension GeneratorSpec {
  func factory() throws -> any BatchSourceFactory {
    switch kind {
    case .orders:
      var parameters = OrderEvents.Parameters()
      parameters.seed = seed
      parameters.rowsPerSecond = rowsPerSecond ?? parameters.rowsPerSecond
      return try OrderEvents(parameters)
    case .states:
      var parameters = OrderStates.Parameters()
      parameters.seed = seed
      return try OrderStates(parameters)
    }
  }
}

extension PipelineSpec {
  /// Of what positions and states of a checkpoint depend on.
  var digest: UInt64 {
    let windows = windows.map { "\($0.name) \($0.window.kind)" }
    let bytes = Array(([source.identity] + windows).joined(separator: "\n").utf8)
    return UInt64(bytes.withUnsafeBytes { crc32c($0) })
  }
}

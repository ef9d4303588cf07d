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

  /// Makes source, stages and sink of a description, and creates and fills tables that are not
  /// there.
  /// - Parameter resources: the secrets that masks use; dimensions are tables of the store.
  /// - Throws: `StorageError` and `SQLError` for what does not fit together.
  public init(
    _ spec: PipelineSpec, store: Store, files: any FileSystem, clock: any TimeSource,
    resources: TransformResources = TransformResources()
  ) throws {
    for dimension in spec.dimensions {
      try dimension.fill(in: store, files: files, clock: clock)
    }
    let content = TextContent(
      changes: spec.schemaChanges,
      rowsNameColumns: spec.tables.contains { $0.partial?.isFlexible == true })
    let source = try spec.source.stream(files: files, clock: clock, content)
    try self.init(spec, from: source, store: store, resources: resources)
  }

  /// The same with a source of one's own, in place of the one that is described, and dimensions
  /// that are there.
  public init(
    _ spec: PipelineSpec, from source: any StreamSource, store: Store,
    resources: TransformResources = TransformResources()
  ) throws {
    let tables = StoreTables(store)
    let parts = try PipelineParts(
      spec, source: source.schema, resources: resources, store: store)
    for (window, table) in zip(parts.windows, spec.windows) {
      try tables.require(
        window.name, rows: window.plan.outputSchema,
        layout: TableLayout(resultsOf: window.plan, bucketCount: table.bucketCount))
    }
    let keeper = try Self.keeper(spec, source, parts, tables)
    // What is wrong with a table shows before anything runs; one whose columns may have changed is
    // looked at when it is known how.
    _ = try parts.router(
      tables, requiring: { keeper == nil || tables.definition(of: $0) == nil })
    tableNames = spec.tables.map(\.name).filter { !$0.contains("{") } + parts.windows.map(\.name)
    var plan = StreamPlan(
      source: source, sink: StoreSink(store, tables: tableNames, schema: keeper),
      labelPrefix: spec.name
    ) { _, horizon in
      try PipelineStages(
        parts, tables: tables, horizon: horizon, requiring: { _ in keeper == nil })
    }
    plan.schema = keeper
    plan.operators = { WindowOperators(parts.windows) }
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

  /// Nil where columns never change.
  private static func keeper(
    _ spec: PipelineSpec, _ source: any StreamSource, _ parts: PipelineParts, _ tables: StoreTables
  ) throws -> SchemaKeeper? {
    guard let changes = spec.schemaChanges else { return nil }
    guard let columns = source.firstColumns else {
      throw StorageError.invalidArgument(
        name: "schema_changes", value: changes.action.rawValue,
        reason: "this source tells of no changes of columns; leave it out")
    }
    return SchemaKeeper(changes, columns: columns, parts: parts, tables: tables)
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

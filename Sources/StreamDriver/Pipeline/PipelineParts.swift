import ConfigReading
import StorageBase
import StreamTransforms
import TabletEngine

/// What the writers of a pipeline are made of: each gets a copy. Immutable.
struct PipelineParts: Sendable {
  private let steps: [TransformStep]
  private let resources: TransformResources
  /// Of the rows as they come.
  let input: Schema
  /// Of the rows behind the transforms.
  let schema: Schema
  /// The same at the beginning, before any change of columns: what windows take.
  let first: Schema
  let windows: [PipelineWindow]
  let tables: [SinkTable]
  /// Whether tables follow changes of columns, unless they say otherwise.
  private let isFollowing: Bool

  /// - Parameters:
  ///   - schema: of the source.
  ///   - resources: secrets; dimensions are those of the store.
  /// - Throws: `StorageError.invalidArgument` with all mistakes of transforms and windows.
  init(
    _ spec: PipelineSpec, source schema: Schema, resources: TransformResources, store: Store
  ) throws {
    var resources = resources
    var mistakes = ConfigMistakes()
    for step in spec.transforms {
      guard case .lookup(let join) = step.transform, resources.dimensions[join.dimension] == nil
      else { continue }
      do {
        resources.dimensions[join.dimension] = try StoreDimension(join.dimension, in: store)
      } catch {
        mistakes.add("\(step.name): \(error)", at: step.place)
      }
    }
    let chain = TransformChain(
      spec.transforms, input: schema, resources: resources, mistakes: &mistakes)
    var windows: [PipelineWindow] = []
    for table in spec.windows {
      let plan = WindowPlan(
        table.window, input: chain.outputSchema, place: nil, mistakes: &mistakes)
      if let plan { windows.append(PipelineWindow(name: table.name, plan: plan)) }
    }
    guard mistakes.isEmpty else { throw mistakes.error(kind: "pipeline", path: spec.name) }
    steps = spec.transforms
    self.resources = resources
    input = schema
    self.schema = chain.outputSchema
    first = chain.outputSchema
    self.windows = windows
    tables = spec.tables
    isFollowing = spec.schemaChanges?.action == .apply
  }

  private init(_ parts: PipelineParts, input: Schema, schema: Schema) {
    steps = parts.steps
    resources = parts.resources
    self.input = input
    self.schema = schema
    first = parts.first
    windows = parts.windows
    tables = parts.tables
    isFollowing = parts.isFollowing
  }

  /// The same for rows whose columns have changed.
  /// - Throws: `StorageError.invalidArgument` for a change that takes away what transforms or
  ///   windows need.
  func with(source schema: Schema) throws -> PipelineParts {
    if schema == input { return self }
    let chain = try TransformChain(steps, input: schema, resources: resources)
    for window in windows {
      let plan = try WindowPlan(window.plan.spec, input: chain.outputSchema)
      guard plan.gathersLike(window.plan) else {
        throw StorageError.invalidArgument(
          name: "window", value: window.name, reason: "it gathers a column that would change")
      }
    }
    return PipelineParts(self, input: schema, schema: chain.outputSchema)
  }

  /// What columns are called, before and behind the transforms.
  var names: Set<String> { Set((input.columns + first.columns).map(\.name)) }

  /// Tables that get the columns that rows get.
  var followingTables: [String] { tables.filter { follows($0) }.map(\.name) }

  private func follows(_ table: SinkTable) -> Bool {
    isFollowing && table.partial == nil && (table.followsChanges ?? !table.name.contains("{"))
  }

  /// The rows of a table as they go there.
  func rows(of table: String) throws -> Schema {
    guard let sink = tables.first(where: { $0.name == table }) else {
      throw StorageError.unknownName(kind: "table", name: table, known: tables.map(\.name))
    }
    return try TableRouter.rows(
      of: sink, among: schema, first: first, follows: follows(sink)
    ).schema
  }

  /// Sends rows to their tables.
  /// - Parameter requires: whether the table of a name has to be as its rows are now; it is created
  ///   then when it is not there.
  func router(
    _ tables: any TableCatalogue, requiring requires: (String) -> Bool
  ) throws -> TableRouter {
    try TableRouter(
      self.tables.map { ($0, follows($0)) }, rows: schema, first: first, tables: tables,
      requiring: requires)
  }

  /// - Throws: what tables, conditions and names do not allow.
  func check(_ tables: any TableCatalogue) throws {
    _ = try router(tables, requiring: { _ in false })
  }

  /// The transforms of one writer.
  func makeChain() throws -> TransformChain {
    try TransformChain(steps, input: input, resources: resources)
  }
}

import ConfigReading
import StorageBase
import StreamTransforms
import TabletEngine

/// What the writers of a pipeline are made of: each gets a copy. Immutable.
struct PipelineParts: Sendable {
  private let steps: [TransformStep]
  private let resources: TransformResources
  private let input: Schema
  /// Of the rows behind the transforms.
  let schema: Schema
  let windows: [PipelineWindow]
  let tables: [SinkTable]

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
    self.windows = windows
    tables = spec.tables
  }

  /// The transforms of one writer.
  func makeChain() throws -> TransformChain {
    try TransformChain(steps, input: input, resources: resources)
  }
}

import ConfigReading
import ScanKernels
import StorageBase

/// Steps that rows go through one after the other. Not thread-safe: every subtask has its own.
public struct TransformChain {
  public let inputSchema: Schema
  public let outputSchema: Schema
  /// By column of the output, the columns of the input that its values are made of.
  private let origins: [[Int]]
  private var transforms: [any RowTransform]

  /// - Throws: `StorageError.invalidArgument` with all mistakes.
  public init(
    _ steps: [TransformStep], input: Schema, resources: TransformResources = TransformResources()
  ) throws {
    var mistakes = ConfigMistakes()
    self.init(steps, input: input, resources: resources, mistakes: &mistakes)
    if !mistakes.isEmpty { throw mistakes.error(kind: "transforms", path: "of the stream") }
  }

  /// Adds what is wrong to `mistakes`; a step that has a mistake changes nothing, so that the steps
  /// after it are looked at too. Use the chain only if there are none.
  public init(
    _ steps: [TransformStep], input: Schema, resources: TransformResources,
    mistakes: inout ConfigMistakes
  ) {
    inputSchema = input
    transforms = []
    var schema = input
    var origins = input.columns.indices.map { [$0] }
    for step in steps {
      var binder = StepBinder(
        step: step, input: schema, origins: origins, resources: resources)
      let transform = binder.bind()
      for mistake in binder.mistakes { mistakes.add("\(step.name): \(mistake)", at: step.place) }
      guard binder.mistakes.isEmpty, let transform else { continue }
      transforms.append(transform)
      schema = transform.outputSchema
      origins = transform.origins.map { Set($0.flatMap { origins[$0] }).sorted() }
    }
    outputSchema = schema
    self.origins = origins
  }

  /// Of each step, in their order.
  public var counters: [StepCounters] { transforms.map(\.counters) }

  /// By column of the output, which of some rows that went through all steps have it, nil for all
  /// of them; empty where all rows have all columns. A row has what is made of columns that it has.
  public func given(_ batch: StreamBatch) -> [Bitmap?] {
    batch.given.isEmpty ? [] : origins.map { batch.rows(having: $0) }
  }

  /// Sends rows through all steps.
  /// - Parameters:
  ///   - now: as of `RowTransform.apply`.
  ///   - rejected: gets the rows that a step sends away.
  /// - Throws: what ends the stream.
  /// - Precondition: the batch has the columns of `inputSchema`.
  public mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    precondition(batch.schema == inputSchema, "rows with other columns than planned")
    var batch = batch
    for index in transforms.indices {
      batch = try transforms[index].apply(batch, at: now, rejected: &rejected)
    }
    return batch
  }
}

/// Makes the transform of one step.
struct StepBinder {
  let step: TransformStep
  let input: Schema
  /// By column of the input, the columns of the source that its values are made of.
  let origins: [[Int]]
  let resources: TransformResources
  var mistakes: [String] = []

  init(
    step: TransformStep, input: Schema, origins: [[Int]], resources: TransformResources
  ) {
    self.step = step
    self.input = input
    self.origins = origins
    self.resources = resources
  }

  mutating func bind() -> (any RowTransform)? {
    switch step.transform {
    case .standardise(let fields): return standardise(fields)
    case .clean(let rules): return clean(rules)
    case .mask(let rules): return mask(rules)
    case .compute(let columns): return compute(columns)
    case .filter(let condition):
      let binder = ExpressionBinder(schema: input)
      guard let bound = bound("condition", { try binder.condition(condition) }) else { return nil }
      return FilterTransform(name: step.name, condition: bound, schema: input)
    case .lookup(let join): return lookup(join)
    case .select(let names): return select(names)
    }
  }

  /// What `body` makes; nil, with the mistake noted, where it throws.
  mutating func bound<Bound>(_ what: String, _ body: () throws -> Bound) -> Bound? {
    do {
      return try body()
    } catch {
      mistakes.append("\(what): \(error)")
      return nil
    }
  }

  /// The position of a column; nil, with the mistake noted, for none.
  mutating func index(of name: String, _ role: String = "column") -> Int? {
    if let index = input.index(of: name) { return index }
    mistakes.append("\(role) \(name) is not there; \(Self.remedy(name, input.columns.map(\.name)))")
    return nil
  }

  static func remedy(_ name: String, _ known: [String]) -> String {
    nearestName(to: name, in: known).map { "did you mean \($0)?" }
      ?? "known: \(known.joined(separator: ", "))"
  }

  /// Columns of a stream, numbered in their order; nil, with the mistake noted, for what is none.
  mutating func schema(
    _ columns: [(name: String, type: DataType, isNullable: Bool)]
  ) -> Schema? {
    bound("columns") { try Schema(columns, sortKeyCount: 1) }
  }

  private mutating func select(_ names: [String]) -> (any RowTransform)? {
    let indexes = names.compactMap { index(of: $0) }
    let columns = indexes.map { input.columns[$0] }.map {
      (name: $0.name, type: $0.type, isNullable: $0.isNullable)
    }
    if indexes.count < names.count { return nil }
    return schema(columns).map {
      SelectTransform(name: step.name, indexes: indexes, outputSchema: $0)
    }
  }
}

import ConfigReading
import ScanKernels
import StorageBase

/// A window specification fitted to the columns of a stream. Immutable and thread-safe: one for all
/// subtasks and their coordinator.
public struct WindowPlan: Sendable {
  public let spec: WindowSpec
  public let inputSchema: Schema
  /// The keys, `window_start` and `window_end` (datetimes, the end excluded), then the aggregates.
  /// Rows are unique by keys and start.
  public let outputSchema: Schema
  /// The keys and `window_start`: what names a row of the result.
  public let keySchema: Schema

  let timeIndex: Int
  let keyIndexes: [Int]
  /// For each aggregate its column in the input; nil for COUNT(*).
  let aggregateIndexes: [Int?]

  public static let startName = "window_start"
  public static let endName = "window_end"
  /// Windows a row may belong to.
  public static let windowsPerRowMax: Int64 = 1000
  /// Sizes, gaps, delays and lateness: 100 years of microseconds.
  public static let spanMax: Int64 = 3_155_760_000_000_000
  /// Digits of a decimal whose sum fits 38 in any window of up to 10^10 rows.
  static let summablePrecisionMax = 28

  /// - Throws: `StorageError.invalidArgument` with all mistakes.
  public init(_ spec: WindowSpec, input: Schema) throws {
    var mistakes = ConfigMistakes()
    guard let plan = WindowPlan(spec, input: input, place: nil, mistakes: &mistakes) else {
      throw mistakes.error(kind: "window", path: "over \(spec.time)")
    }
    self = plan
  }

  /// Nil, with what is wrong added to `mistakes`, for a specification that does not fit.
  public init?(
    _ spec: WindowSpec, input: Schema, place: ConfigPlace?, mistakes: inout ConfigMistakes
  ) {
    var checker = WindowChecker(input: input, place: place)
    let timeIndex = checker.timeIndex(spec.time)
    checker.check(spec)
    let keyIndexes = spec.keys.compactMap { checker.index(of: $0, "key") }
    let results = spec.aggregates.map { checker.result(of: $0) }
    var schemas: (output: Schema, key: Schema)?
    if checker.mistakes.isEmpty {
      schemas = checker.schemas(keys: keyIndexes.map { input.columns[$0] }, results)
    }
    guard checker.mistakes.isEmpty, let schemas, let timeIndex else {
      for mistake in checker.mistakes { mistakes.add("window: \(mistake)", at: place) }
      return nil
    }
    self.spec = spec
    inputSchema = input
    self.timeIndex = timeIndex
    self.keyIndexes = keyIndexes
    aggregateIndexes = spec.aggregates.map { $0.column.flatMap { input.index(of: $0) } }
    outputSchema = schemas.output
    keySchema = schemas.key
  }

  var keyColumns: [Column] { keyIndexes.map { inputSchema.columns[$0] } }

  /// What a state must agree on with the plan it is read for. `delay`, lateness and the way of
  /// emitting may change.
  var fingerprint: String {
    let keys = keyColumns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    let aggregates = zip(spec.aggregates, aggregateIndexes).map { aggregate, index in
      let type = index.map { " \(inputSchema.columns[$0].type)" } ?? ""
      return "\(aggregate.function.rawValue)(\(aggregate.column ?? "*")\(type))"
    }
    return "\(spec.kind) by [\(keys)] of [\(aggregates.joined(separator: ", "))]"
  }

  /// Whether rows of another schema are gathered alike: the same keys, aggregates and results.
  public func gathersLike(_ other: WindowPlan) -> Bool {
    fingerprint == other.fingerprint && outputSchema == other.outputSchema
  }

  /// How long after its end a window may still take rows that were not late.
  var retention: Int64 {
    if case .session(let gap) = spec.kind { return spec.allowedLateness + gap }
    return spec.allowedLateness
  }

  func makeLanes() -> [any AccumulatorLanes] {
    zip(spec.aggregates, aggregateIndexes).map { aggregate, index in
      aggregate.function.makeLanes(of: index.map { inputSchema.columns[$0].type })
    }
  }
}

/// Finds what is wrong with a window specification.
private struct WindowChecker {
  let input: Schema
  let place: ConfigPlace?
  var mistakes: [String] = []

  init(input: Schema, place: ConfigPlace?) {
    self.input = input
    self.place = place
  }

  mutating func index(of name: String, _ role: String) -> Int? {
    if let index = input.index(of: name) { return index }
    let known = input.columns.map(\.name)
    let remedy =
      nearestName(to: name, in: known).map { "did you mean \($0)?" }
      ?? "known: \(known.joined(separator: ", "))"
    mistakes.append("\(role) \(name) is not a column; \(remedy)")
    return nil
  }

  mutating func timeIndex(_ name: String) -> Int? {
    guard let index = index(of: name, "time") else { return nil }
    let type = input.columns[index].type
    if type != .datetime { mistakes.append("time \(name) is a \(type); expected a datetime") }
    return index
  }

  mutating func check(_ spec: WindowSpec) {
    func check(_ name: String, _ span: Int64, from least: Int64) {
      if span < least || span > WindowPlan.spanMax {
        mistakes.append("\(name) is \(span) microseconds; expected \(least) to 100 years")
      }
    }
    switch spec.kind {
    case .tumbling(let size): check("size", size, from: 1)
    case .session(let gap): check("gap", gap, from: 1)
    case .sliding(let size, let slide):
      check("size", size, from: 1)
      check("slide", slide, from: 1)
      if slide > size { mistakes.append("slide is longer than size; rows would be in no window") }
      if slide > 0, size / slide > WindowPlan.windowsPerRowMax {
        mistakes.append(
          "a row would be in \(size / slide) windows; at most \(WindowPlan.windowsPerRowMax)")
      }
    }
    check("delay", spec.delay, from: 0)
    check("allowed lateness", spec.allowedLateness, from: 0)
    if spec.aggregates.isEmpty { mistakes.append("it has no aggregates") }
  }

  /// The column of the result; nil for one that cannot be computed.
  mutating func result(of aggregate: WindowAggregate) -> (name: String, DataType, Bool)? {
    guard let name = aggregate.column else {
      if aggregate.function == .count { return (aggregate.name, .int64, false) }
      mistakes.append("\(aggregate.function.rawValue) \(aggregate.name) needs a column")
      return nil
    }
    guard let index = index(of: name, aggregate.function.rawValue) else { return nil }
    let type = input.columns[index].type
    switch aggregate.function {
    case .count, .countDistinct: return (aggregate.name, .int64, false)
    case .min, .max: return (aggregate.name, type, true)
    case .sum, .average:
      guard type.isNumber else {
        mistakes.append("\(aggregate.function.rawValue) of \(name), which is a \(type)")
        return nil
      }
      if case .decimal(let precision, _) = type, precision > WindowPlan.summablePrecisionMax {
        mistakes.append(
          "\(aggregate.function.rawValue) of \(name): at most "
            + "\(WindowPlan.summablePrecisionMax) digits, it has \(precision); cast it")
        return nil
      }
      if aggregate.function == .average || type.isFloating {
        return (aggregate.name, .double, true)
      }
      return (aggregate.name, .decimal(precision: 38, scale: type.scale), true)
    }
  }

  mutating func schemas(
    keys: [Column], _ results: [(name: String, DataType, Bool)?]
  ) -> (output: Schema, key: Schema)? {
    var columns = keys.map { (name: $0.name, type: $0.type, isNullable: $0.isNullable) }
    columns.append((WindowPlan.startName, .datetime, false))
    let keyCount = columns.count
    columns.append((WindowPlan.endName, .datetime, false))
    columns += results.compactMap { $0 }.map { (name: $0.name, type: $0.1, isNullable: $0.2) }
    do {
      return (try schema(columns, keyCount), try schema(Array(columns.prefix(keyCount)), keyCount))
    } catch {
      mistakes.append("\(error)")
      return nil
    }
  }

  private func schema(
    _ columns: [(name: String, type: DataType, isNullable: Bool)], _ keyCount: Int
  ) throws -> Schema {
    try Schema(
      columns: columns.enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.name, type: column.type,
          isNullable: column.isNullable)
      }, sortKeyCount: keyCount, keysModel: .unique)
  }
}

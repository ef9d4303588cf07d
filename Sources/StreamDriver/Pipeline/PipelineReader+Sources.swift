import ConfigReading
import Yams

extension PipelineReader {
  /// Keys that say what kind of source it is; one of them is given.
  private static let kinds = ["generate"]

  mutating func source(_ node: Node) -> SourceSpec? {
    let known = Self.kinds + ["rows", "rate", "partitions", "seed"]
    guard let keys = members(of: node, among: known) else { return nil }
    let given = Self.kinds.filter { keys[$0] != nil }
    guard given.count == 1 else {
      complain(
        node, "a source has one of \(Self.kinds.joined(separator: ", ")); it has \(given.count)")
      return nil
    }
    return generator(keys).map { .generated($0) }
  }

  private mutating func generator(_ keys: [String: Node]) -> GeneratorSpec? {
    let kind = choice(keys["generate"], "generate", as: GeneratorSpec.Kind.self)
    var spec = GeneratorSpec(kind ?? .orders)
    spec.rowCount = integer(keys["rows"], "rows", in: 1...1 << 50)
    spec.rowsPerSecond = number(keys["rate"], "rate", in: 0.001...1e9)
    spec.partitionCount = integer(keys["partitions"], "partitions", in: 1...4096) ?? 1
    spec.seed = integer(keys["seed"], "seed", in: 0...Int.max).map { UInt64($0) } ?? 1
    return kind == nil ? nil : spec
  }
}

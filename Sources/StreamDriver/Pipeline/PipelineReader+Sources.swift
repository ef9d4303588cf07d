import ConfigReading
import IngestDriver
import Yams

extension PipelineReader {
  /// Keys that say what kind of source it is; one of them is given.
  private static let kinds = ["generate", "files", "stdin", "kafka"]

  mutating func source(_ node: Node) -> SourceSpec? {
    var known = Self.kinds + Self.generatorKeys + Self.textKeys
    known += Self.kafkaKeys.filter { !known.contains($0) }
    guard let keys = members(of: node, among: known) else { return nil }
    let given = Self.kinds.filter { keys[$0] != nil }
    guard given.count == 1 else {
      complain(
        node, "a source has one of \(Self.kinds.joined(separator: ", ")); it has \(given.count)")
      return nil
    }
    let kind = given[0]
    let own =
      switch kind {
      case "generate": Self.generatorKeys
      case "kafka": Self.kafkaKeys
      default: Self.textKeys
      }
    for (key, value) in keys where key != kind && !own.contains(key) {
      complain(value, "\(key) does not go with \(kind)")
    }
    switch kind {
    case "generate": return generator(keys).map { .generated($0) }
    case "files": return texts(keys, kind).map { .files($0) }
    case "kafka": return topic(keys, in: node).map { .kafka($0) }
    default:
      if keys["follow"] != nil { complain(keys["follow"], "standard input is always followed") }
      return texts(keys, kind).map { .standardInput($0) }
    }
  }

  private static let generatorKeys =
    ["rows", "rate", "partitions", "seed", "event_rate"] + generatorsOfKeys.keys.sorted()
  /// Keys that only some generators have.
  private static let generatorsOfKeys: [String: [GeneratorSpec.Kind]] = [
    "users": [.clicks, .product360], "columns": [.product360], "scale": [.tpchRefresh],
  ]
  private static let textKeys = ["format", "mapping", "follow"]

  private mutating func texts(_ keys: [String: Node], _ kind: String) -> TextSpec? {
    var path: String? = "standard input"
    if kind == "files" { path = text(keys["files"], "files") }
    let format = choice(keys["format"], "format", as: TextSpec.Format.self)
    let mapping = text(keys["mapping"], "mapping")
    let follow = flag(keys["follow"], "follow")
    if kind == "stdin", keys["mapping"] == nil {
      complain(keys["stdin"], "stdin needs mapping: FILE, since it cannot be looked at twice")
    }
    guard let path else { return nil }
    var spec = TextSpec(path: path)
    spec.format = format
    spec.mapping = mapping
    spec.isFollowed = follow ?? false
    return spec
  }

  private mutating func generator(_ keys: [String: Node]) -> GeneratorSpec? {
    let kind = choice(keys["generate"], "generate", as: GeneratorSpec.Kind.self)
    var spec = GeneratorSpec(kind ?? .orders)
    spec.rowCount = integer(keys["rows"], "rows", in: 1...1 << 50)
    spec.rowsPerSecond = number(keys["rate"], "rate", in: 0.001...1e9)
    spec.partitionCount = integer(keys["partitions"], "partitions", in: 1...4096) ?? 1
    spec.eventsPerSecond = number(keys["event_rate"], "event_rate", in: 0.001...1e9)
    spec.userCount = integer(keys["users"], "users", in: 1...1 << 31)
    spec.columnCount = integer(keys["columns"], "columns", in: 74...4096)
    if kind == .product360, spec.partitionCount < Product360.streamWidths.count {
      complain(
        keys["partitions"] ?? keys["generate"],
        "product360 has \(Product360.streamWidths.count) streams; partitions are as many or more")
    }
    spec.scale = number(keys["scale"], "scale", in: 0.001...1000)
    for (key, kinds) in Self.generatorsOfKeys {
      guard let node = keys[key], let kind, !kinds.contains(kind) else { continue }
      complain(node, "\(key) does not go with generate: \(kind.rawValue)")
    }
    spec.seed = integer(keys["seed"], "seed", in: 0...Int.max).map { UInt64($0) } ?? 1
    return kind == nil ? nil : spec
  }
}

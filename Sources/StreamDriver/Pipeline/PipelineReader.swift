import ConfigReading
import StorageBase
import StorageIO
import StreamTransforms
import Yams

extension PipelineSpec {
  /// Reads a pipeline file.
  /// - Throws: `StorageError.invalidArgument` with every mistake of the file, by line and column,
  ///   and what reading throws.
  public init(file path: String, files: any FileSystem) throws {
    let file = try files.openForReading(path, cause: .tool)
    let bytes = try file.read(at: 0, count: Int(file.byteCount))
    try self.init(yaml: String(decoding: bytes, as: UTF8.self), path: path)
  }

  /// - Parameter path: where the text is from, for errors.
  public init(yaml text: String, path: String) throws {
    var reader = PipelineReader()
    let spec = reader.pipeline(text)
    guard let spec, reader.mistakes.isEmpty else {
      throw reader.mistakes.error(kind: "pipeline", path: path)
    }
    self = spec
  }
}

/// Reads a pipeline file, and goes on after a mistake.
struct PipelineReader: ConfigReader {
  var mistakes = ConfigMistakes()

  private static let keys = [
    "name", "store", "state", "dimensions", "source", "transforms", "secrets", "tables", "windows",
    "schema_changes", "dashboard", "writers", "checkpoint", "delivery", "batch_rows", "idle",
    "buffer",
  ]

  mutating func pipeline(_ text: String) -> PipelineSpec? {
    let hint = "; give at least name:, source: and tables:"
    guard let root = document(text, hint: hint), let keys = members(of: root, among: Self.keys)
    else { return nil }
    for name in ["name", "source"] where keys[name] == nil {
      complain(root, "\(name) is missing")
    }
    if keys["tables"] == nil, keys["windows"] == nil {
      complain(root, "tables and windows are missing: rows would go nowhere")
    }
    let name = name(keys["name"])
    var source: SourceSpec?
    if let node = keys["source"] { source = self.source(node) }
    var tables: [SinkTable] = []
    if let node = keys["tables"] {
      tables = self.tables(node)
      checkFlexible(tables, node)
    }
    var spec: PipelineSpec?
    if let name, let source { spec = PipelineSpec(name: name, source: source, tables: tables) }
    if let node = keys["schema_changes"] {
      let changes = schemaChanges(node, of: source)
      spec?.schemaChanges = changes
    }
    var dimensions: [DimensionSpec] = []
    if let node = keys["dimensions"] { dimensions = self.dimensions(node) }
    let transforms = self.transforms(keys["transforms"])
    checkMasks(keys["transforms"])
    var secrets: [String: SecretSpec] = [:]
    if let node = keys["secrets"] { secrets = self.secrets(node) }
    var windows: [WindowTable] = []
    if let node = keys["windows"] { windows = self.windows(node) }
    var dashboard: [DashboardQuery] = []
    if let node = keys["dashboard"] { dashboard = self.dashboard(node) }
    spec?.dimensions = dimensions
    spec?.transforms = transforms
    spec?.secrets = secrets
    spec?.windows = windows
    spec?.dashboard = dashboard
    readSettings(keys, into: &spec)
    return spec
  }

  /// How it runs.
  private mutating func readSettings(_ keys: [String: Node], into spec: inout PipelineSpec?) {
    let store = self.text(keys["store"], "store")
    let state = self.text(keys["state"], "state")
    let writers = integer(keys["writers"], "writers", in: 1...1024)
    var checkpoint: (interval: Double, longest: Double?)?
    if let node = keys["checkpoint"] { checkpoint = self.checkpoint(node) }
    var delivery: Delivery?
    if let node = keys["delivery"] { delivery = self.delivery(node) }
    let batchRows = integer(keys["batch_rows"], "batch_rows", in: 1...1 << 20)
    let idle = seconds(keys["idle"], "idle")
    let buffer = byteSize(keys["buffer"], "buffer", in: 1 << 20...1 << 40)
    spec?.store = store
    spec?.state = state
    spec?.writerCount = writers ?? 1
    spec?.checkpointSeconds = checkpoint?.interval ?? 1
    spec?.longestCheckpointSeconds = checkpoint?.longest
    spec?.delivery = delivery ?? .exactlyOnce
    spec?.batchRowCount = batchRows ?? 8192
    spec?.idleSeconds = idle ?? 60
    spec?.bufferByteCount = buffer
  }

  /// A name that labels may begin with.
  private mutating func name(_ node: Node?) -> String? {
    guard let name = text(node, "name") else { return nil }
    let isFine = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    if isFine, name.utf8.count <= 64 { return name }
    complain(node, "name is \"\(name)\"; expected up to 64 letters, digits, - and _")
    return nil
  }

  /// A length of time in seconds.
  mutating func seconds(_ node: Node?, _ key: String) -> Double? {
    duration(node, key, in: 1000...86_400_000_000).map { Double($0) / 1e6 }
  }

  /// `1s`, or `{interval: 1s, longest: 10s}`.
  private mutating func checkpoint(_ node: Node) -> (interval: Double, longest: Double?)? {
    if node.mapping == nil { return seconds(node, "checkpoint").map { ($0, nil) } }
    guard let keys = members(of: node, among: ["interval", "longest"]) else { return nil }
    let interval = seconds(keys["interval"], "interval") ?? 1
    let longest = seconds(keys["longest"], "longest")
    if let longest, longest < interval {
      complain(keys["longest"], "longest is less than interval")
      return nil
    }
    return (interval, longest)
  }

  /// `exactly-once`, or `{batch: {rows: 10000, bytes: 8MiB, time: 1s}}`.
  private mutating func delivery(_ node: Node) -> Delivery? {
    if node.string == "exactly-once" { return .exactlyOnce }
    guard node.mapping != nil, let keys = members(of: node, among: ["batch"]),
      let batch = keys["batch"],
      let limits = members(of: batch, among: ["rows", "bytes", "time"])
    else {
      if node.mapping == nil {
        complain(node, "delivery is \(shown(node)); expected exactly-once or batch: {...}")
      }
      return nil
    }
    var result = BatchLimits()
    if let rows = integer(limits["rows"], "rows", in: 1...1 << 30) { result.rowCount = rows }
    if let bytes = byteSize(limits["bytes"], "bytes", in: 1...1 << 40) { result.byteCount = bytes }
    if let time = seconds(limits["time"], "time") { result.seconds = time }
    return .batches(result)
  }
}

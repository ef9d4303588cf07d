import ConfigReading
import Yams

/// What stands around the way of the rows: dimensions, secrets, questions.
extension PipelineReader {
  private static let dimensionKeys = ["table", "key", "buckets"]

  mutating func dimensions(_ node: Node) -> [DimensionSpec] {
    let nodes = node.sequence.map { Array($0) } ?? [node]
    return nodes.compactMap { dimension($0) }
  }

  private mutating func dimension(_ node: Node) -> DimensionSpec? {
    guard let mapping = node.mapping else {
      complain(node, "a dimension is such as {table: users, files: users.csv, key: [id]}")
      return nil
    }
    var own: [String: Node] = [:]
    var rest: [(Node, Node)] = []
    for (key, value) in mapping {
      if let name = key.string, Self.dimensionKeys.contains(name) {
        own[name] = value
      } else {
        rest.append((key, value))
      }
    }
    if own["table"] == nil { complain(node, "table is missing") }
    let table = text(own["table"], "table")
    let source = self.source(.mapping(Node.Mapping(rest, .implicit, .any, node.mark)))
    let key = texts(own["key"], "key")
    let buckets = integer(own["buckets"], "buckets", in: 1...4096)
    if case .kafka(let spec) = source, spec.isFollowed {
      complain(node, "a dimension is filled once, so kafka needs follow: false here")
    }
    guard let table, let source else { return nil }
    var layout = TableLayout()
    layout.key = key ?? []
    layout.isUnique = true
    layout.hasRowStore = true
    layout.bucketCount = buckets ?? 1
    return DimensionSpec(table: table, source: source, layout: layout)
  }

  mutating func secrets(_ node: Node) -> [String: SecretSpec] {
    guard let mapping = node.mapping else {
      complain(node, "secrets are such as {phones: {env: PHONE_KEY}} or {phones: {file: PATH}}")
      return [:]
    }
    var secrets: [String: SecretSpec] = [:]
    for (key, value) in mapping {
      guard let name = text(key, "a name"),
        let places = members(of: value, among: ["env", "file"])
      else { continue }
      guard places.count == 1 else {
        complain(value, "a secret has one of env, file")
        continue
      }
      if let variable = text(places["env"], "env") { secrets[name] = .environment(variable) }
      if let path = text(places["file"], "file") { secrets[name] = .file(path) }
    }
    return secrets
  }

  mutating func dashboard(_ node: Node) -> [DashboardQuery] {
    guard let sequence = node.sequence else {
      complain(node, "dashboard is a list such as [{title: Orders, sql: select count(*) from t}]")
      return []
    }
    return sequence.compactMap { node in
      guard let keys = members(of: node, among: ["title", "sql"]) else { return nil }
      if keys["sql"] == nil { complain(node, "sql is missing") }
      let title = text(keys["title"], "title")
      return text(keys["sql"], "sql").map { DashboardQuery(title: title ?? $0, sql: $0) }
    }
  }
}

import ConfigReading
import TabletEngine
import Yams

extension PipelineReader {
  private static let tableKeys = [
    "table", "where", "delete_on", "columns", "key", "unique", "sequence", "hash_by", "buckets",
    "row_store", "schema_changes", "partial",
  ]

  /// A list of tables, or one.
  mutating func tables(_ node: Node) -> [SinkTable] {
    let nodes = node.sequence.map { Array($0) } ?? [node]
    if nodes.isEmpty { complain(node, "tables is empty") }
    return nodes.compactMap { table($0) }
  }

  private mutating func table(_ node: Node) -> SinkTable? {
    guard let keys = members(of: node, among: Self.tableKeys) else { return nil }
    if keys["table"] == nil { complain(node, "table is missing") }
    let name = text(keys["table"], "table")
    let condition = text(keys["where"], "where")
    let deletion = text(keys["delete_on"], "delete_on")
    let columns = texts(keys["columns"], "columns")
    let layout = layout(keys)
    if deletion != nil, !layout.isUnique {
      complain(keys["delete_on"], "delete_on is for tables with unique: true")
    }
    let partial = partialWrite(keys["partial"], layout)
    if partial != nil, keys["schema_changes"]?.string == "apply" {
      complain(keys["schema_changes"], "partial rows do not change a table's columns")
    }
    let follows = followsChanges(keys["schema_changes"], name)
    return name.map {
      var table = SinkTable(
        name: $0, condition: condition, deletion: deletion, columns: columns, layout: layout)
      table.followsChanges = follows
      table.partial = partial
      return table
    }
  }

  /// `true`, how (`rewrite` or `delta`), `flexible` for rows that name their own columns, or
  /// `{flexible: true, strategy: delta}`.
  private mutating func partialWrite(_ node: Node?, _ layout: TableLayout) -> PartialWrite? {
    guard let node else { return nil }
    if node.bool == false { return nil }
    if !layout.isUnique { complain(node, "partial is for tables with unique: true") }
    if node.bool == true { return PartialWrite() }
    if node.string == "flexible" { return PartialWrite(isFlexible: true) }
    if node.mapping != nil {
      guard let keys = members(of: node, among: ["flexible", "strategy"]) else { return nil }
      return PartialWrite(
        strategy: choice(keys["strategy"], "strategy", as: PartialUpdate.Strategy.self),
        isFlexible: flag(keys["flexible"], "flexible") ?? false)
    }
    guard let strategy = node.string.flatMap({ PartialUpdate.Strategy(rawValue: $0) }) else {
      complain(
        node,
        "partial is \(shown(node)); expected true, rewrite, delta, flexible or {flexible: true, "
          + "strategy: rewrite or delta}")
      return nil
    }
    return PartialWrite(strategy: strategy)
  }

  /// Rows that name their own columns have no defaults, so that whole rows cannot be made of them.
  mutating func checkFlexible(_ tables: [SinkTable], _ node: Node) {
    let flexible = tables.filter { $0.partial?.isFlexible == true }
    guard let first = flexible.first, flexible.count < tables.count else { return }
    let other = tables.first { $0.partial?.isFlexible != true }
    complain(
      node,
      "rows for \(first.name) name their own columns, so those for \(other?.name ?? "the others") "
        + "do too: it needs partial: flexible, or a pipeline of its own")
  }

  /// `apply` or `ignore`, of one table.
  private mutating func followsChanges(_ node: Node?, _ name: String?) -> Bool? {
    guard let node else { return nil }
    guard let text = node.string, ["apply", "ignore"].contains(text) else {
      complain(node, "schema_changes is \(shown(node)); expected apply or ignore")
      return nil
    }
    if text == "apply", name?.contains("{") == true {
      complain(node, "a table whose name is made of values keeps its columns")
    }
    return text == "apply"
  }

  /// A list of tables with the results of windows.
  mutating func windows(_ node: Node) -> [WindowTable] {
    let nodes = node.sequence.map { Array($0) } ?? [node]
    return nodes.compactMap { windowTable($0) }
  }

  private mutating func windowTable(_ node: Node) -> WindowTable? {
    guard let keys = members(of: node, among: ["table", "window", "buckets"]) else { return nil }
    for key in ["table", "window"] where keys[key] == nil { complain(node, "\(key) is missing") }
    let name = text(keys["table"], "table")
    let window = window(keys["window"])
    let buckets = integer(keys["buckets"], "buckets", in: 1...4096)
    guard let name, let window else { return nil }
    var table = WindowTable(name: name, window: window)
    table.bucketCount = buckets ?? 1
    return table
  }

  /// What a table is like.
  mutating func layout(_ keys: [String: Node]) -> TableLayout {
    var layout = TableLayout()
    layout.key = texts(keys["key"], "key") ?? []
    layout.isUnique = flag(keys["unique"], "unique") ?? false
    layout.sequenceColumn = text(keys["sequence"], "sequence")
    layout.hashBy = texts(keys["hash_by"], "hash_by") ?? []
    layout.bucketCount = integer(keys["buckets"], "buckets", in: 1...4096) ?? 4
    layout.hasRowStore = flag(keys["row_store"], "row_store") ?? false
    if layout.isUnique, layout.key.isEmpty {
      complain(keys["unique"], "unique needs key: [column, ...]")
    }
    if layout.sequenceColumn != nil, !layout.isUnique {
      complain(keys["sequence"], "sequence is for tables with unique: true")
    }
    return layout
  }
}

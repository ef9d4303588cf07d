import ConfigReading
import ScanKernels
import StorageBase
import Yams

extension ConfigReader {
  /// What `lookup` says.
  mutating func join(_ node: Node) -> LookupJoin? {
    let known = ["table", "on", "add", "cache", "cache_rows", "ttl", "miss"]
    guard let keys = members(of: node, among: known) else { return nil }
    for key in ["table", "on", "add"] where keys[key] == nil {
      complain(
        node, "a lookup needs \(key), such as {table: users, on: {user_id: id}, add: [city]}")
    }
    guard let table = text(keys["table"], "table"), let on = keys["on"], let add = keys["add"]
    else {
      return nil
    }
    var join = LookupJoin(
      table, on: pairs(on, "on", isStreamFirst: true),
      adding: pairs(add, "add", isStreamFirst: false)
    )
    if let rows = integer(keys["cache_rows"], "cache_rows", in: 0...(1 << 30)) {
      join.cacheRowsMax = rows
    }
    if let bytes = byteSize(keys["cache"], "cache", in: 0...(1 << 40)) {
      join.cacheBytesMax = bytes
    }
    join.timeToLive = duration(keys["ttl"], "ttl", in: 0...WindowPlan.spanMax)
    if let miss = keys["miss"] { join.miss = self.miss(miss) }
    return join
  }

  /// `on` has the stream's columns first, `add` those of the dimension.
  private mutating func pairs(
    _ node: Node, _ key: String, isStreamFirst: Bool
  ) -> [LookupJoin.Pair] {
    guard let mapping = node.mapping else {
      return (texts(node, key) ?? []).map { LookupJoin.Pair(stream: $0, dimension: $0) }
    }
    var pairs: [LookupJoin.Pair] = []
    for (first, second) in mapping {
      guard let first = text(first, key), let second = text(second, key) else { continue }
      pairs.append(
        isStreamFirst
          ? LookupJoin.Pair(stream: first, dimension: second)
          : LookupJoin.Pair(stream: second, dimension: first))
    }
    return pairs
  }

  private mutating func miss(_ node: Node) -> LookupJoin.Miss {
    if let mapping = node.mapping {
      var values: [String: Literal] = [:]
      for (key, value) in mapping {
        if let name = text(key, "miss"), let literal = literal(value, name) {
          values[name] = literal
        }
      }
      return .values(values)
    }
    switch node.string {
    case "null": return .null
    case "drop": return .drop
    case "divert": return .divert
    case "fail": return .fail
    default:
      complain(
        node, "miss is \(shown(node)); expected null, drop, divert, fail, or {column: value}")
      return .null
    }
  }
}

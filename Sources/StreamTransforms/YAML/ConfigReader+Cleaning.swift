import ConfigReading
import ScanKernels
import StorageBase
import Yams

extension ConfigReader {
  private static var tests: [String] {
    ["check", "not_null", "range", "length", "one_of", "like", "characters", "within"]
  }

  /// One rule of `clean`.
  mutating func rule(_ node: Node) -> CleaningRule? {
    guard let keys = members(of: node, among: ["column", "name", "else"] + Self.tests) else {
      return nil
    }
    let present = Self.tests.filter { keys[$0] != nil }
    guard present.count == 1, let value = keys[present[0]] else {
      complain(node, "a rule has one of \(Self.tests.joined(separator: ", "))")
      return nil
    }
    guard let test = test(present[0], value) else { return nil }
    let column = text(keys["column"], "column")
    let name =
      text(keys["name"], "name")
      ?? [column, present[0]].compactMap { $0 }
      .joined(separator: " ")
    return CleaningRule(name, column: column, test, action(keys["else"]))
  }

  private mutating func test(_ name: String, _ node: Node) -> CleaningRule.Test? {
    switch name {
    case "check": return expression(node, name).map { .satisfies($0) }
    case "not_null":
      if flag(node, name) == false { complain(node, "not_null is true, or is left out") }
      return .notNull
    case "range":
      guard let ends = pair(node, name) else { return nil }
      let (low, high) = (literal(ends.0, name), literal(ends.1, name))
      return .range(low: low == .null ? nil : low, high: high == .null ? nil : high)
    case "length":
      guard let ends = pair(node, name) else { return nil }
      let range = 0...Limits.stringByteCountMax
      guard let low = integer(ends.0, name, in: range), let high = integer(ends.1, name, in: range)
      else { return nil }
      return .length(min: low, max: high)
    case "one_of":
      let members = node.sequence.map { Array($0) } ?? [node]
      return .oneOf(members.compactMap { literal($0, name) })
    case "like": return text(node, name).map { .like($0) }
    case "characters": return choice(node, name).map { .characters($0) }
    default:
      guard let keys = members(of: node, among: ["past", "future"]) else { return nil }
      let range = 0...WindowPlan.spanMax
      return .within(
        past: duration(keys["past"], "past", in: range),
        future: duration(keys["future"], "future", in: range))
    }
  }

  private mutating func pair(_ node: Node, _ key: String) -> (Node, Node)? {
    if let sequence = node.sequence, sequence.count == 2 { return (sequence[0], sequence[1]) }
    complain(node, "\(key) takes two ends, such as [0, 100]")
    return nil
  }

  private mutating func action(_ node: Node?) -> CleaningRule.Action {
    guard let node else { return .divert }
    switch node.string {
    case "drop": return .drop
    case "divert": return .divert
    case "clamp": return .clamp
    case .some:
      complain(
        node,
        "else is \(shown(node)); "
          + suggestion(
            for: node.string ?? "", among: ["drop", "divert", "clamp", "{fix: value}"]))
    case nil:
      if let value = members(of: node, among: ["fix"])?["fix"], let literal = literal(value, "fix")
      {
        return .fix(literal)
      }
    }
    return .divert
  }
}

import ConfigReading
import StorageBase
import Yams

extension SweepReader {
  /// The elements of a list, or the value itself.
  func values(of node: Node) -> [Node] { node.sequence.map { Array($0) } ?? [node] }

  /// Names with parameters, each written as on the command line, or `{name: {key: [v, w]}}` for
  /// all combinations of the values.
  /// - Parameter check: throws what is wrong with one.
  /// - Returns: nil without the key.
  mutating func specs(
    _ node: Node?, _ key: String, _ check: (String) throws -> Void
  ) -> [String]? {
    guard let node else { return nil }
    let nodes = values(of: node)
    if nodes.isEmpty { complain(node, "\(key) is an empty list") }
    var specs: [String] = []
    for element in nodes {
      for spec in expand(element, key) {
        do {
          try check(spec)
          specs.append(spec)
        } catch {
          complain(element, "\(key): \(error)")
        }
      }
    }
    return specs
  }

  private mutating func expand(_ node: Node, _ key: String) -> [String] {
    if node.scalar != nil, let text = node.string { return [text] }
    guard let mapping = node.mapping else {
      complain(node, "\(key): expected a name, or {name: {parameter: [values]}}")
      return []
    }
    return mapping.flatMap { name, parameters in
      expand(name.string ?? "", parameters, key)
    }
  }

  private mutating func expand(_ name: String, _ node: Node, _ key: String) -> [String] {
    if node.null != nil { return [name] }
    guard let parameters = node.mapping, !parameters.isEmpty else {
      complain(node, "\(key): \(name) takes {parameter: value}, not \(shown(node))")
      return []
    }
    var lists = [""]
    for (parameter, value) in parameters {
      let texts = values(of: value).compactMap(\.string)
      if texts.isEmpty { complain(value, "\(key): \(name): no value for a parameter") }
      lists = lists.flatMap { list in
        texts.map { list + (list.isEmpty ? "" : ",") + "\(parameter.string ?? "")=\($0)" }
      }
    }
    return lists.map { "\(name):\($0)" }
  }

  /// Whole numbers in a range; nil without the key.
  mutating func integers(_ node: Node?, _ key: String, _ range: ClosedRange<Int>) -> [Int]? {
    guard let node else { return nil }
    return values(of: node).compactMap { value in
      if let number = value.int, range.contains(number) { return number }
      complain(
        value,
        "\(key) is \(shown(value)); expected \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
  }

  /// A list of numbers, or `1..5`; nil without the key.
  mutating func seeds(_ node: Node?) -> [UInt64]? {
    guard let node else { return nil }
    return values(of: node).flatMap { value -> [UInt64] in
      let text = value.string ?? ""
      let ends = text.split(separator: ".", omittingEmptySubsequences: false)
      if let seed = UInt64(text) { return [seed] }
      if ends.count == 3, ends[1].isEmpty, let first = UInt64(ends[0]), let last = UInt64(ends[2]),
        first <= last, last - first < UInt64(SweepReader.seedCountMax)
      {
        return Array(first...last)
      }
      complain(value, "seeds is \(shown(value)); write [1, 2, 3] or 1..3")
      return []
    }
  }

  private static let seedCountMax = 1_000_000
}

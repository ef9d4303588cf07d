import StorageBase
import Yams

/// Values of keys. Each is nil without a node, and nil with a mistake noted for a node that holds
/// something else.
extension ConfigReader {
  public mutating func flag(_ node: Node?, _ key: String) -> Bool? {
    guard let node else { return nil }
    if let flag = node.bool { return flag }
    complain(node, "\(key) is \(shown(node)); expected true or false")
    return nil
  }

  /// A text that is not empty.
  public mutating func text(_ node: Node?, _ key: String) -> String? {
    guard let node else { return nil }
    if let text = node.string, !text.isEmpty { return text }
    complain(node, "\(key) is \(shown(node)); expected a text")
    return nil
  }

  public mutating func integer(_ node: Node?, _ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let node else { return nil }
    if let number = node.int, range.contains(number) { return number }
    complain(
      node, "\(key) is \(shown(node)); expected \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  public mutating func number(
    _ node: Node?, _ key: String, in range: ClosedRange<Double>
  ) -> Double? {
    guard let node else { return nil }
    if let number = node.float, range.contains(number) { return number }
    complain(
      node, "\(key) is \(shown(node)); expected \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  /// One of the raw values of an enumeration.
  public mutating func choice<Choice>(
    _ node: Node?, _ key: String, as type: Choice.Type = Choice.self
  ) -> Choice? where Choice: RawRepresentable<String> & CaseIterable {
    guard let node else { return nil }
    if let choice = node.string.flatMap({ Choice(rawValue: $0) }) { return choice }
    let known = Choice.allCases.map(\.rawValue)
    let remedy =
      known.count <= 2
      ? "expected \(known.joined(separator: " or "))"
      : suggestion(for: node.string ?? "", among: known)
    complain(node, "\(key) is \(shown(node)); \(remedy)")
    return nil
  }

  /// A list of texts, none of them empty; one text counts as a list of it.
  public mutating func texts(_ node: Node?, _ key: String) -> [String]? {
    guard let node else { return nil }
    let elements = node.sequence.map { Array($0) } ?? [node]
    if elements.isEmpty { complain(node, "\(key) is empty") }
    return elements.compactMap { text($0, key) }
  }

  /// A length of time as microseconds: a whole number and its unit, such as `250us`, `100ms`, `5s`,
  /// `10m`, `1h` or `7d`. Zero needs no unit.
  /// - Parameter range: in microseconds, ends included.
  public mutating func duration(
    _ node: Node?, _ key: String, in range: ClosedRange<Int64>
  ) -> Int64? {
    guard let node else { return nil }
    guard let microseconds = node.string.flatMap({ ConfigUnits.duration($0) }) else {
      complain(node, "\(key) is \(shown(node)); expected a duration such as 100ms, 5s or 1h")
      return nil
    }
    if range.contains(microseconds) { return microseconds }
    let (low, high) = (
      ConfigUnits.text(microseconds: range.lowerBound),
      ConfigUnits.text(microseconds: range.upperBound)
    )
    complain(node, "\(key) is \(shown(node)); expected \(low) to \(high)")
    return nil
  }

  /// A number of bytes: a whole number, alone or with a unit, such as `4096`, `64KiB`, `64MiB` or
  /// `1GiB`.
  /// - Parameter range: in bytes.
  public mutating func byteSize(_ node: Node?, _ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let node else { return nil }
    guard let count = node.string.flatMap({ ConfigUnits.byteSize($0) }) else {
      complain(node, "\(key) is \(shown(node)); expected a size such as 64KiB or 256MiB")
      return nil
    }
    if range.contains(count) { return count }
    let (low, high) = (
      ConfigUnits.text(byteCount: range.lowerBound), ConfigUnits.text(byteCount: range.upperBound)
    )
    complain(node, "\(key) is \(shown(node)); expected \(low) to \(high)")
    return nil
  }
}

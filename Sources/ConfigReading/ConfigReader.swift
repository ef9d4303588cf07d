import StorageBase
import Yams

/// Reads a YAML file and goes on after a mistake, so that a person hears of all mistakes at once.
///
/// A reader of some kind of file conforms, asks `document` for the root and then `members` and the
/// methods of `ConfigReader+Values.swift` for what is in it. These complain by themselves and
/// return nil; at the end the reader throws `mistakes.error` unless there are none:
///
/// ```swift
/// struct PoolReader: ConfigReader {
///   var mistakes = ConfigMistakes()
///   mutating func read(_ text: String) -> Pool? {
///     guard let root = document(text), let keys = members(of: root, among: ["threads"])
///     else { return nil }
///     return integer(keys["threads"], "threads", in: 1...64).map { Pool(threads: $0) }
///   }
/// }
/// ```
public protocol ConfigReader {
  var mistakes: ConfigMistakes { get set }

  /// What to do about a key that is not known. Unless told otherwise, the nearest of those that
  /// are, or all of them.
  func remedy(forUnknownKey name: String, among known: [String]) -> String
}

extension ConfigReader {
  public func remedy(forUnknownKey name: String, among known: [String]) -> String {
    suggestion(for: name, among: known)
  }

  /// Notes a mistake at a node; nil for one that stands nowhere in particular.
  public mutating func complain(_ node: Node?, _ text: String) {
    mistakes.add(text, at: node?.place)
  }

  /// The root of a text; nil, with a mistake noted, for what is not YAML and for an empty text.
  /// - Parameter hint: what to write in an empty file, such as `; give at least columns: [...]`.
  public mutating func document(_ text: String, hint: String = "") -> Node? {
    do {
      if let root = try compose(yaml: text) { return root }
      complain(nil, "the file is empty" + hint)
    } catch {
      complain(nil, "not YAML: \(error)")
    }
    return nil
  }

  /// The members of a mapping by their keys, those that are not known left out and complained of;
  /// nil, with a mistake noted, for anything but a mapping.
  /// - Precondition: `known` is not empty.
  public mutating func members(of node: Node, among known: [String]) -> [String: Node]? {
    guard let mapping = node.mapping else {
      complain(node, "expected keys and values, such as \(known[0]): ...")
      return nil
    }
    var members: [String: Node] = [:]
    for (key, value) in mapping {
      let name = key.string ?? ""
      if known.contains(name) {
        members[name] = value
      } else {
        complain(key, "unknown key \(name); " + remedy(forUnknownKey: name, among: known))
      }
    }
    return members
  }

  /// `did you mean X?` where a known name is near, else all known names.
  public func suggestion(for name: String, among known: [String]) -> String {
    nearestName(to: name, in: known).map { "did you mean \($0)?" }
      ?? "known: \(known.joined(separator: ", "))"
  }

  /// A node as messages show it.
  public func shown(_ node: Node) -> String { node.string.map { "\"\($0)\"" } ?? "a list" }
}

extension Node {
  /// Where it stands; nil for one that was not read from a text.
  public var place: ConfigPlace? {
    mark.map { ConfigPlace(line: $0.line, column: $0.column) }
  }
}

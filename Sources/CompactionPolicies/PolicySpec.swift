import StorageBase

/// `name` or `name:key=value,key=value`, taken apart: how policies are asked for, and other things
/// with parameters as well.
public struct PolicySpec: Hashable, Sendable {
  public let name: String
  public private(set) var assignments: [String: String]

  /// - Parameters:
  ///   - kind: what is asked for, for errors.
  ///   - names: what the name can be.
  /// - Throws: `StorageError.invalidArgument` for what is not of this form, and
  ///   `StorageError.unknownName` for another name.
  public init(_ text: String, of kind: String, among names: [String]) throws {
    try self.init(text, of: kind)
    guard names.contains(name) else {
      throw StorageError.unknownName(kind: kind, name: name, known: names)
    }
  }

  /// The same with one parameter set, whether it was given or not.
  public func setting(_ parameter: String, to value: String) -> PolicySpec {
    var spec = self
    spec.assignments[parameter] = value
    return spec
  }

  /// As it would be written, parameters by name.
  public var text: String {
    guard !assignments.isEmpty else { return name }
    let list = assignments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "\(name):\(list.joined(separator: ","))"
  }

  /// The parameters given, to be read.
  public var parameters: PolicyParameters {
    PolicyParameters(policy: name, given: assignments)
  }

  /// - Parameter kind: what is asked for, for errors.
  /// - Throws: `StorageError.invalidArgument` for what is not of this form.
  init(_ text: String, of kind: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    var assignments: [String: String] = [:]
    let list =
      parts.count == 2 ? parts[1].split(separator: ",", omittingEmptySubsequences: false) : []
    for pair in list {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else {
        throw StorageError.invalidArgument(
          name: kind, value: text,
          reason: "\"\(pair)\" is not of the form key=value; write name:key=value,key=value")
      }
      guard assignments.updateValue(String(sides[1]), forKey: String(sides[0])) == nil else {
        throw StorageError.invalidArgument(
          name: kind, value: text, reason: "\(sides[0]) is given twice")
      }
    }
    self.assignments = assignments
  }
}

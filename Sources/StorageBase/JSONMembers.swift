/// The members of a JSON object, to be taken one by one by whoever knows what has to be in it.
///
/// Every taker throws `JSONMismatch` for a member of another kind; `finish` refuses what nobody has
/// asked for, so that a slip of the pen is not taken for a default.
public struct JSONMembers {
  private var members: [JSONValue.Member]

  /// - Parameter what: what the value is, for the error.
  public init(_ value: JSONValue, of what: String) throws(JSONMismatch) {
    guard case .object(let members) = value else {
      throw JSONMismatch(expected: "an object for \(what)", found: value.compactText)
    }
    self.members = members
  }

  /// The member of this name, which is then gone; nil if there is none, or if it is null.
  public mutating func take(_ name: String) -> JSONValue? {
    guard let place = members.firstIndex(where: { $0.key == name }) else { return nil }
    let value = members.remove(at: place).value
    if case .null = value { return Optional.none }
    return value
  }

  /// A member that has to be there.
  public mutating func require(_ name: String) throws(JSONMismatch) -> JSONValue {
    guard let value = take(name) else {
      throw JSONMismatch(expected: "a member \"\(name)\"", found: "none")
    }
    return value
  }

  /// A whole number in `range`.
  /// - Parameter defaultValue: where there is no such member; without one it has to be there.
  public mutating func integer(
    _ name: String, in range: ClosedRange<Int> = 0...Int.max, default defaultValue: Int? = nil
  ) throws(JSONMismatch) -> Int {
    guard let value = take(name) else {
      if let defaultValue { return defaultValue }
      throw JSONMismatch(expected: "a member \"\(name)\"", found: "none")
    }
    guard case .integer(let integer) = value, range.contains(integer) else {
      throw JSONMismatch(
        expected: "\(name) to be a whole number in \(range.lowerBound)...\(range.upperBound)",
        found: value.compactText)
    }
    return integer
  }

  /// Absent is false.
  public mutating func flag(_ name: String) throws(JSONMismatch) -> Bool {
    switch take(name) {
    case nil: return false
    case .bool(let flag)?: return flag
    case let value?:
      throw JSONMismatch(expected: "\(name) to be true or false", found: value.compactText)
    }
  }

  public mutating func string(_ name: String) throws(JSONMismatch) -> String {
    let value = try require(name)
    guard case .string(let text) = value else {
      throw JSONMismatch(expected: "\(name) to be a string", found: value.compactText)
    }
    return text
  }

  /// Absent is empty.
  public mutating func array(_ name: String) throws(JSONMismatch) -> [JSONValue] {
    switch take(name) {
    case nil: return []
    case .array(let elements)?: return elements
    case let value?:
      throw JSONMismatch(expected: "\(name) to be an array", found: value.compactText)
    }
  }

  /// - Throws: when there are members that nobody has taken.
  public func finish() throws(JSONMismatch) {
    guard let stranger = members.first else { return }
    throw JSONMismatch(expected: "no member \"\(stranger.key)\"", found: "one")
  }
}

/// JSON that does not say what it should.
public struct JSONMismatch: Error, Hashable, Sendable, CustomStringConvertible {
  public let expected: String
  public let found: String

  public init(expected: String, found: String) {
    self.expected = expected
    // Whatever was sent may be long.
    self.found = found.count > 60 ? "\(found.prefix(60))…" : found
  }

  public var description: String { "expected \(expected), found \(found)" }
}

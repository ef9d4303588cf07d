import StorageBase

/// Where a value lies in a JSON object: a chain of names of members and positions in arrays.
public struct JSONPath: Hashable, Sendable, CustomStringConvertible {
  public enum Step: Hashable, Sendable {
    case member(String)
    /// From 0.
    case element(Int)
  }

  /// None for the object itself.
  public let steps: [Step]

  public static let stepCountMax = 32
  public static let positionMax = 1_000_000

  public init(_ steps: [Step]) { self.steps = steps }

  /// A member of the object.
  public init(member name: String) { steps = [.member(name)] }

  /// Reads `$.user.address.city`, `$.items[0].sku`, `$['odd name']` or `$` for the object itself.
  /// In quotes, single or double, a backslash stands before a quote and a backslash.
  /// - Throws: `StorageError.invalidArgument` saying where it is wrong.
  public init(parsing text: String) throws {
    var reader = JSONPathReader(text)
    steps = try reader.steps()
  }

  public var description: String {
    "$"
      + steps.map { step in
        switch step {
        case .element(let position): return "[\(position)]"
        case .member(let name):
          if JSONPathReader.isPlain(name) { return ".\(name)" }
          let escaped = name.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
          return "['\(escaped)']"
        }
      }.joined()
  }
}

private struct JSONPathReader {
  private let text: String
  private var rest: Substring.UnicodeScalarView

  init(_ text: String) {
    self.text = text
    rest = Substring(text).unicodeScalars
  }

  /// Whether it can stand behind a point.
  static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.unicodeScalars.contains { ".['\"".unicodeScalars.contains($0) }
  }

  private func mistake(_ reason: String) -> StorageError {
    let offset = text.unicodeScalars.count - rest.count
    return .invalidArgument(
      name: "JSON path", value: text, reason: "\(reason) at character \(offset + 1)")
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == scalar else { return false }
    rest.removeFirst()
    return true
  }

  mutating func steps() throws -> [JSONPath.Step] {
    guard take("$") else { throw mistake("expected $") }
    var steps: [JSONPath.Step] = []
    while !rest.isEmpty {
      guard steps.count < JSONPath.stepCountMax else {
        throw mistake("more than \(JSONPath.stepCountMax) steps")
      }
      steps.append(try step())
    }
    return steps
  }

  private mutating func step() throws -> JSONPath.Step {
    if take(".") {
      let name = String(rest.prefix { $0 != "." && $0 != "[" })
      guard Self.isPlain(name) else { throw mistake("expected the name of a member") }
      rest.removeFirst(name.unicodeScalars.count)
      return .member(name)
    }
    guard take("[") else { throw mistake("expected . or [") }
    let step: JSONPath.Step
    if let quote = rest.first, quote == "'" || quote == "\"" {
      rest.removeFirst()
      step = .member(try quoted(by: quote))
    } else {
      let digits = String(rest.prefix { ("0"..."9").contains($0) })
      guard let position = Int(digits), position <= JSONPath.positionMax else {
        throw mistake("expected a position of 0 to \(JSONPath.positionMax) or a name in quotes")
      }
      rest.removeFirst(digits.count)
      step = .element(position)
    }
    guard take("]") else { throw mistake("expected ]") }
    return step
  }

  private mutating func quoted(by quote: Unicode.Scalar) throws -> String {
    var name = String.UnicodeScalarView()
    while let next = rest.popFirst() {
      if next == quote { return String(name) }
      guard next == "\\" else {
        name.append(next)
        continue
      }
      guard let escaped = rest.popFirst(), escaped == quote || escaped == "\\" else {
        throw mistake("expected a quote or a backslash")
      }
      name.append(escaped)
    }
    throw mistake("expected the closing quote")
  }
}

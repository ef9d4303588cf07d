import StorageBase

/// Where something stands in a text; line and column count from 1.
public struct ConfigPlace: Hashable, Sendable, Comparable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// What is wrong with a configuration: all of it, so that it can be mended at once.
public struct ConfigMistakes: Sendable {
  private struct Mistake: Sendable {
    let place: ConfigPlace?
    let text: String
  }

  private var mistakes: [Mistake] = []

  public init() {}

  public var isEmpty: Bool { mistakes.isEmpty }

  /// - Parameter place: nil for what stands nowhere in particular.
  public mutating func add(_ text: String, at place: ConfigPlace?) {
    mistakes.append(Mistake(place: place, text: text))
  }

  /// Each as `line 3, column 5: what is wrong`, in the order of places, whatever was read first;
  /// those without a place come before all others.
  public var texts: [String] {
    let origin = ConfigPlace(line: 0, column: 0)
    let ordered = mistakes.enumerated().sorted { a, b in
      let (first, second) = (a.element.place ?? origin, b.element.place ?? origin)
      return first == second ? a.offset < b.offset : first < second
    }
    return ordered.map { _, mistake in
      guard let place = mistake.place else { return mistake.text }
      return "line \(place.line), column \(place.column): \(mistake.text)"
    }
  }

  /// One error that tells all mistakes, a line each.
  /// - Parameters:
  ///   - kind: what was read, such as `mapping`.
  ///   - path: where it came from.
  public func error(kind: String, path: String) -> StorageError {
    let count = mistakes.count
    return .invalidArgument(
      name: kind, value: path,
      reason: "\(count) mistake\(count == 1 ? "" : "s")\n"
        + texts.map { "  \($0)" }.joined(separator: "\n"))
  }
}

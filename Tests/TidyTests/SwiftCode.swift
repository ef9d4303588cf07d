/// The code of a Swift file: comments are removed and string literals emptied, so that what is
/// said about a call is not taken for one. Line numbers stay.
struct SwiftCode {
  let lines: [String]

  init(_ text: String) {
    var code = ""
    var scanner = Scanner(rest: text[...])
    while let piece = scanner.next() { code += piece }
    lines = code.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Cuts text into pieces of code, with newlines in place of what is left out.
  private struct Scanner {
    var rest: Substring

    mutating func next() -> String? {
      guard let character = rest.first else { return nil }
      if rest.hasPrefix("//") { return skip(to: "\n", keepingEnd: true) }
      if rest.hasPrefix("/*") { return skip(to: "*/", keepingEnd: false) }
      if rest.hasPrefix("\"\"\"") { return skipString("\"\"\"") }
      if character == "\"" { return skipString("\"") }
      rest.removeFirst()
      return String(character)
    }

    private mutating func skip(to end: String, keepingEnd: Bool) -> String {
      let range = rest.firstRange(of: end)
      let stop = range.map { keepingEnd ? $0.lowerBound : $0.upperBound } ?? rest.endIndex
      defer { rest = rest[stop...] }
      return newlines(in: rest[..<stop])
    }

    private mutating func skipString(_ quote: String) -> String {
      let start = rest
      rest.removeFirst(quote.count)
      while !rest.isEmpty, !rest.hasPrefix(quote) {
        if rest.hasPrefix("\\(") {
          skipInterpolation()
        } else {
          rest.removeFirst(rest.hasPrefix("\\") ? min(2, rest.count) : 1)
        }
      }
      rest.removeFirst(min(quote.count, rest.count))
      return "\"\"" + newlines(in: start[..<rest.startIndex])
    }

    /// The code inside `\(…)` may hold strings of its own.
    private mutating func skipInterpolation() {
      rest.removeFirst(2)
      var depth = 1
      while depth > 0, let character = rest.first {
        if character == "\"" {
          _ = skipString(rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\"")
          continue
        }
        if character == "(" { depth += 1 }
        if character == ")" { depth -= 1 }
        rest.removeFirst()
      }
    }

    private func newlines(in text: Substring) -> String {
      String(repeating: "\n", count: text.count { $0 == "\n" })
    }
  }

  struct Function {
    let name: String
    /// Counted from 1.
    let line: Int
    let lineCount: Int
  }

  /// The functions with a body, nested ones apart from those around them.
  var functions: [Function] {
    let declaration = /(?:^|\s)(?:func\s+([^\s(<]+)|(init)[?<(]|(subscript)[<(]|(deinit)\s)/
    return lines.indices.compactMap { index in
      guard let match = lines[index].firstMatch(of: declaration) else { return nil }
      let name = match.1 ?? match.2 ?? match.3 ?? match.4 ?? ""
      return bodyEnd(from: index).map {
        Function(name: String(name), line: index + 1, lineCount: $0 - index + 1)
      }
    }
  }

  /// The line on which the first brace that opens at or after `start` closes; nil when the
  /// declaration has no body.
  private func bodyEnd(from start: Int) -> Int? {
    var (braces, parentheses, hasOpened) = (0, 0, false)
    for index in start..<lines.count {
      // A requirement of a protocol ends without a brace before the next declaration.
      if !hasOpened, index > start, parentheses == 0,
        lines[index].firstMatch(of: /^\s*(?:}|(?:\w+\s+)*(?:func|var|let|init|case)\b)/) != nil
      {
        return nil
      }
      for character in lines[index] {
        switch character {
        case "(": parentheses += 1
        case ")": parentheses -= 1
        case "{":
          braces += 1
          hasOpened = true
        case "}": braces -= 1
        default: break
        }
        if hasOpened && braces == 0 { return index }
      }
    }
    return nil
  }
}

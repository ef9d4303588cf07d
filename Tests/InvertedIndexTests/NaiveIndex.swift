import InvertedIndex
import StorageBase

/// The oracle: cuts text with code of its own and looks at every row.
struct NaiveIndex {
  let type: DataType
  let options: IndexOptions
  let rows: [Value]
  /// As bytes: strings of Swift are equal if they are canonically equivalent.
  private let rowTokens: [[[UInt8]]]

  init(type: DataType, options: IndexOptions, rows: [Value]) {
    self.type = type
    self.options = options
    self.rows = rows
    rowTokens = rows.map { value in
      if case .string(let text) = value { Self.terms(of: text, options) } else { [] }
    }
  }

  private static func terms(of text: String, _ options: IndexOptions) -> [[UInt8]] {
    tokens(of: text, options).map { Array($0.utf8) }
  }

  func rows(matching query: IndexQuery) -> [UInt32] {
    rows.indices.filter { truth(query, $0) == true }.map { UInt32($0) }
  }

  /// Nil for unknown.
  private func truth(_ query: IndexQuery, _ row: Int) -> Bool? {
    switch query {
    case .isNull: return rows[row].isNull
    case .not(let inner): return truth(inner, row).map { !$0 }
    case .and(let parts):
      let all = parts.map { truth($0, row) }
      return all.contains(false) ? false : all.contains(nil) ? nil : true
    case .or(let parts):
      let all = parts.map { truth($0, row) }
      return all.contains(true) ? true : all.contains(nil) ? nil : false
    case .isIn(let values): return truth(.or(values.map { .equals($0) }), row)
    case .range(let lower, let upper):
      let ends = [lower.map { above($0, row) }, upper.map { below($0, row) }].compactMap { $0 }
      if rows[row].isNull { return nil }
      return ends.contains(false) ? false : ends.contains(nil) ? nil : true
    default: break
    }
    if rows[row].isNull { return nil }
    switch query {
    case .equals(let value): return value.isNull ? nil : isEqual(rows[row], value)
    case .matchAny(let text):
      return !Set(Self.terms(of: text, options)).isDisjoint(with: rowTokens[row])
    case .matchAll(let text):
      let words = Self.terms(of: text, options)
      return !words.isEmpty && Set(words).isSubset(of: rowTokens[row])
    case .matchPhrase(let text): return hasPhrase(text, row) { $0 == $1 }
    case .matchPhrasePrefix(let text):
      return hasPhrase(text, row) { $0.starts(with: $1) }
    default: preconditionFailure("handled above")
    }
  }

  private func above(_ bound: IndexQuery.Bound, _ row: Int) -> Bool? {
    if bound.value.isNull || rows[row].isNull { return nil }
    return bound.value.precedes(rows[row]) || bound.isInclusive && isEqual(rows[row], bound.value)
  }

  private func below(_ bound: IndexQuery.Bound, _ row: Int) -> Bool? {
    if bound.value.isNull || rows[row].isNull { return nil }
    return rows[row].precedes(bound.value) || bound.isInclusive && isEqual(rows[row], bound.value)
  }

  private func isEqual(_ a: Value, _ b: Value) -> Bool { !a.precedes(b) && !b.precedes(a) }

  private func hasPhrase(
    _ text: String, _ row: Int, lastMatches: ([UInt8], [UInt8]) -> Bool
  ) -> Bool {
    let words = Self.terms(of: text, options)
    let tokens = rowTokens[row]
    guard let last = words.last, tokens.count >= words.count else { return false }
    return (0...tokens.count - words.count).contains { start in
      let piece = tokens[start..<start + words.count]
      return piece.dropLast().elementsEqual(words.dropLast())
        && lastMatches(piece[start + words.count - 1], last)
    }
  }

  // MARK: Words

  static func tokens(of text: String, _ options: IndexOptions) -> [String] {
    func fold(_ text: String) -> String { options.lowerCase ? text.lowercased() : text }
    switch options.parser {
    case .none: return [text]
    case .keyword:
      return [String(String.UnicodeScalarView(text.unicodeScalars.flatMap { folded($0, options) }))]
    case .english:
      let words = text.unicodeScalars.split { scalar in
        !(scalar.isASCII
          && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil))
      }
      return words.flatMap { pieces(Array($0).flatMap { folded($0, options) }) }
    case .unicode, .chinese: return words(text, options)
    }
  }

  private static func words(_ text: String, _ options: IndexOptions) -> [String] {
    var result: [String] = []
    var word: [Unicode.Scalar] = []
    var run: [Unicode.Scalar] = []
    func flush() {
      result += pieces(word)
      word = []
      if options.parser == .unicode || run.count == 1 {
        result += run.map { String($0) }
      } else {
        result += zip(run, run.dropFirst()).map { String($0) + String($1) }
      }
      run = []
    }
    for scalar in text.unicodeScalars {
      if isIdeograph(scalar) {
        if !word.isEmpty { flush() }
        run.append(scalar)
      } else if isWord(scalar) {
        if !run.isEmpty { flush() }
        word += folded(scalar, options)
      } else {
        flush()
      }
    }
    flush()
    return result
  }

  private static func folded(_ scalar: Unicode.Scalar, _ options: IndexOptions) -> [Unicode.Scalar]
  {
    options.lowerCase ? Array(scalar.properties.lowercaseMapping.unicodeScalars) : [scalar]
  }

  private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    let kana: [ClosedRange<UInt32>] = [0x3041...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F]
    return isWord(scalar)
      && (scalar.properties.isIdeographic || kana.contains { $0.contains(scalar.value) })
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let separators: [Unicode.GeneralCategory] = [
      .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol,
      .modifierSymbol, .otherSymbol, .spaceSeparator, .lineSeparator, .paragraphSeparator,
      .control, .format, .surrogate, .privateUse, .unassigned,
    ]
    return !separators.contains(scalar.properties.generalCategory)
  }

  /// Words of at most 255 bytes.
  private static func pieces(_ word: [Unicode.Scalar]) -> [String] {
    var pieces: [String] = []
    var piece = ""
    for scalar in word {
      if piece.utf8.count + String(scalar).utf8.count > 255 {
        pieces.append(piece)
        piece = ""
      }
      piece.unicodeScalars.append(scalar)
    }
    return piece.isEmpty ? pieces : pieces + [piece]
  }
}

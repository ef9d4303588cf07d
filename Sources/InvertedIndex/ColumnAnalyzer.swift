import ScanKernels

/// Cuts the texts of a column as its index does, for rows that no index covers. Immutable and
/// thread-safe.
public struct ColumnAnalyzer: TextAnalyzer {
  public let options: IndexOptions

  public init(_ options: IndexOptions) { self.options = options }

  /// How columns without an index are searched: words of any script in lower case.
  public static let standard = ColumnAnalyzer(IndexOptions(parser: .unicode))

  public var name: String { "\(options.parser.name)\(options.lowerCase ? ", lower case" : "")" }

  public func finder(_ match: WordMatch, _ text: String) -> any WordFinder {
    TokenFinder(options, match, text)
  }
}

/// Looks for words by cutting each text. Gives what the index would. Not thread-safe.
final class TokenFinder: WordFinder {
  private let match: WordMatch
  private var tokenizer: Tokenizer
  private let tokens = TokenBuffer()
  /// The words of the question: in their order for phrases, else without repetitions.
  private let words: [[UInt8]]
  /// For `all`: which words the current text has.
  private var isFound: [Bool]

  init(_ options: IndexOptions, _ match: WordMatch, _ text: String) {
    self.match = match
    var tokenizer = Tokenizer(options)
    let all = tokenizer.tokens(of: text)
    self.tokenizer = tokenizer
    switch match {
    case .any, .all: words = Array(Set(all))
    case .phrase, .phrasePrefix: words = all
    }
    isFound = Array(repeating: false, count: words.count)
  }

  func find(in texts: StringTable, among: Bitmap?, into selection: Bitmap) {
    if words.isEmpty { return }
    if let among {
      among.forEachSet { if hasWords(texts[$0]) { selection.set($0) } }
    } else {
      for row in 0..<texts.count where hasWords(texts[row]) { selection.set(row) }
    }
  }

  private func hasWords(_ text: UnsafeRawBufferPointer) -> Bool {
    tokenizer.tokenize(text, into: tokens)
    switch match {
    case .any:
      for token in 0..<tokens.count where place(of: tokens[token]) != nil { return true }
      return false
    case .all: return hasAll()
    case .phrase, .phrasePrefix:
      guard tokens.count >= words.count else { return false }
      for start in 0...tokens.count - words.count where isPhrase(at: start) { return true }
      return false
    }
  }

  private func hasAll() -> Bool {
    for index in isFound.indices { isFound[index] = false }
    var missingCount = words.count
    for token in 0..<tokens.count {
      guard let place = place(of: tokens[token]), !isFound[place] else { continue }
      isFound[place] = true
      missingCount -= 1
      if missingCount == 0 { return true }
    }
    return false
  }

  /// Questions have few words, so they are compared one by one.
  private func place(of token: UnsafeRawBufferPointer) -> Int? {
    for index in words.indices where isEqual(token, words[index]) { return index }
    return nil
  }

  private func isPhrase(at start: Int) -> Bool {
    let last = words.count - 1
    for index in 0..<last where !isEqual(tokens[start + index], words[index]) { return false }
    let end = tokens[start + last]
    guard match == .phrasePrefix else { return isEqual(end, words[last]) }
    return end.count >= words[last].count
      && isEqual(UnsafeRawBufferPointer(rebasing: end.prefix(words[last].count)), words[last])
  }

  private func isEqual(_ token: UnsafeRawBufferPointer, _ word: [UInt8]) -> Bool {
    guard token.count == word.count else { return false }
    for index in word.indices where token[index] != word[index] { return false }
    return true
  }
}

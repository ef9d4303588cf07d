/// How the strings of a column become terms. The names are those of Apache Doris; raw values are
/// persistent: never change or reuse one.
public enum IndexParser: UInt8, Hashable, Sendable, CaseIterable {
  /// The whole value, byte for byte, is the term. Also that of every column but strings.
  case none = 0
  /// The whole value is one token, lower-cased if asked for.
  case keyword = 1
  /// Words are runs of ASCII letters and digits; everything else separates.
  case english = 2
  /// Words are runs of letters, marks and digits of any script; ideographs and kana, whose scripts
  /// put no space between words, are words of one character each.
  case unicode = 3
  /// As `unicode`, but two adjacent ideographs or kana make one token, so that a run of n of them
  /// gives n - 1 overlapping tokens (one if n is 1): the bigrams of Lucene's CJK analyzer.
  case chinese = 4

  /// The name in the properties of a table.
  public var name: String {
    switch self {
    case .none: "none"
    case .keyword: "keyword"
    case .english: "english"
    case .unicode: "unicode"
    case .chinese: "chinese"
    }
  }

  /// Whether a value can have several tokens.
  public var isTokenizing: Bool {
    switch self {
    case .none, .keyword: false
    case .english, .unicode, .chinese: true
    }
  }
}

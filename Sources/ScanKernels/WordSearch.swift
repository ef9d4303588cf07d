import StorageBase

/// How MATCH looks for the words of a text.
public enum WordMatch: Hashable, Sendable, CaseIterable {
  /// At least one of the words.
  case any
  /// All of them, in any order.
  case all
  /// All of them, one after another.
  case phrase
  /// As `phrase`, but the last word is only the beginning of one.
  case phrasePrefix
}

extension WordMatch: CustomStringConvertible {
  /// As Apache Doris writes it.
  public var description: String {
    switch self {
    case .any: "MATCH_ANY"
    case .all: "MATCH_ALL"
    case .phrase: "MATCH_PHRASE"
    case .phrasePrefix: "MATCH_PHRASE_PREFIX"
    }
  }
}

/// Cuts the texts of a column into words, as its inverted index does. What cuts is not known here:
/// whoever binds a predicate brings it along. Immutable and thread-safe.
public protocol TextAnalyzer: Sendable {
  /// Tells analyzers that cut differently apart.
  var name: String { get }
  /// What looks for the words of `text`, cut the same way. One per thread.
  func finder(_ match: WordMatch, _ text: String) -> any WordFinder
}

/// Looks for words in texts. Not thread-safe.
public protocol WordFinder: AnyObject {
  /// Sets the bits of the texts that have the words. One call for a page or a dictionary.
  /// - Parameter among: the texts to look at; nil for all. It has as many bits as there are texts.
  func find(in texts: StringTable, among: Bitmap?, into selection: Bitmap)
}

/// Which analyzer the MATCH of each column uses. Immutable and thread-safe.
public struct TextAnalyzers: Sendable {
  private let byColumn: [ColumnID: any TextAnalyzer]
  private let fallback: (any TextAnalyzer)?

  /// - Parameter fallback: for columns that are not named; without one they cannot be searched.
  public init(byColumn: [ColumnID: any TextAnalyzer] = [:], fallback: (any TextAnalyzer)? = nil) {
    self.byColumn = byColumn
    self.fallback = fallback
  }

  public subscript(column: ColumnID) -> (any TextAnalyzer)? { byColumn[column] ?? fallback }
}

/// A MATCH on a string column. Nulls never reach it.
struct WordTest: Hashable, Sendable {
  let match: WordMatch
  let text: String
  let analyzer: any TextAnalyzer
  let isNegated: Bool

  static func == (a: WordTest, b: WordTest) -> Bool {
    a.match == b.match && a.text.utf8.elementsEqual(b.text.utf8)
      && a.analyzer.name == b.analyzer.name && a.isNegated == b.isNegated
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(match)
    hasher.combine(Array(text.utf8))
    hasher.combine(isNegated)
  }

  func accepted(in texts: StringTable, by finder: any WordFinder, among: Bitmap?) -> Bitmap {
    let selection = Bitmap(count: texts.count)
    finder.find(in: texts, among: among, into: selection)
    guard isNegated else { return selection }
    selection.invert()
    return selection
  }
}

import InvertedIndex

/// The questions of `bench text`, about the comments of TPC-H.
struct TextQuery: Sendable {
  let name: String
  let query: IndexQuery
  /// Whether it asks where words stand.
  var needsPositions = false

  static let all: [TextQuery] = [
    TextQuery(name: "rare-term", query: .matchAny("steal")),
    TextQuery(name: "common-term", query: .matchAny("furiously")),
    TextQuery(name: "or-2", query: .matchAny("steal dolphins")),
    TextQuery(name: "and-2", query: .matchAll("furiously ironic")),
    TextQuery(name: "and-rare", query: .matchAll("steal furiously")),
    TextQuery(
      name: "phrase", query: .matchPhrase("furiously ironic"), needsPositions: true),
    TextQuery(
      name: "phrase-prefix", query: .matchPhrasePrefix("furiously iro"), needsPositions: true),
  ]
}

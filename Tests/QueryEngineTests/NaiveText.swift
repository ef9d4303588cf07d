import InvertedIndex
import ScanKernels

/// LIKE and MATCH the slow and obvious way, for texts of ASCII and é.
struct NaiveText {
  let options: IndexOptions

  /// By trying every length for each `%`.
  static func isLike(_ text: [Unicode.Scalar], _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case "%": return (0...text.count).contains { isLike(Array(text[$0...]), rest) }
    case "_": return !text.isEmpty && isLike(Array(text[1...]), rest)
    case "\\" where !rest.isEmpty:
      return text.first == rest.first && isLike(Array(text[1...]), rest.dropFirst())
    default: return text.first == first && isLike(Array(text[1...]), rest)
    }
  }

  func words(_ text: String) -> [[Unicode.Scalar]] {
    let folded = options.lowerCase ? text.lowercased() : text
    switch options.parser {
    case .none, .keyword: return [Array(folded.unicodeScalars)]
    case .english, .unicode, .chinese:
      let isWord: (Unicode.Scalar) -> Bool = { scalar in
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
          || ("0"..."9").contains(scalar) || (scalar == "é" && options.parser != .english)
      }
      return folded.unicodeScalars.split { !isWord($0) }.map(Array.init)
    }
  }

  func matches(_ text: String, _ match: WordMatch, _ question: String) -> Bool {
    let (found, wanted) = (words(text), words(question))
    guard let last = wanted.last else { return false }
    switch match {
    case .any: return wanted.contains { found.contains($0) }
    case .all: return wanted.allSatisfy { found.contains($0) }
    case .phrase, .phrasePrefix:
      return found.indices.contains { start in
        let piece = found[start...].prefix(wanted.count)
        guard piece.count == wanted.count, let end = piece.last else { return false }
        return piece.dropLast().elementsEqual(wanted.dropLast())
          && (match == .phrase ? end == last : end.starts(with: last))
      }
    }
  }
}

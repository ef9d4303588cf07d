import ScanKernels
import StorageBase

/// `COLUMN [NOT] LIKE PATTERN` or `COLUMN [NOT] MATCH_… TEXT`, with or without quotes around the
/// last part.
struct TextCondition {
  let predicate: Predicate

  /// Nil when the text is no such condition.
  /// - Throws: `StorageError.unknownName` for a condition on a column that there is not.
  init?(_ text: String, _ schema: Schema) throws {
    var rest = text[...]
    func word() -> Substring {
      rest = rest.drop { $0 == " " }
      let word = rest.prefix { $0 != " " }
      rest = rest.dropFirst(word.count).drop { $0 == " " }
      return word
    }
    let column = String(word())
    var kind = word().uppercased()
    let isNegated = kind == "NOT"
    if isNegated { kind = word().uppercased() }
    var value = String(rest)
    if value.count >= 2, let quote = value.first, quote == "'" || quote == "\"", value.last == quote
    {
      value = String(value.dropFirst().dropLast())
    }
    let match = WordMatch.allCases.first { $0.description == kind }
    // In `note=a LIKE b` the comparison counts, which comes first.
    guard kind == "LIKE" || match != nil, !column.contains(where: "=<>!".contains) else {
      return nil
    }
    _ = try schema.requireIndex(of: column)
    let condition = match.map { Predicate.match(column, $0, value) } ?? .like(column, value)
    predicate = isNegated ? !condition : condition
  }
}

/// A condition on the columns of a row, in SQL's three-valued logic: a comparison with null is
/// unknown, NOT unknown is unknown, and a row is selected only when the whole is true.
///
/// Numbers compare by value, strings by their UTF-8 bytes; NaN equals itself and comes after every
/// number. Names are resolved, and constants fitted to their columns, by `bound(to:)`.
public indirect enum Predicate: Hashable, Sendable {
  case compare(String, Comparison, Literal)
  /// The bounds are inclusive.
  case between(String, Literal, Literal)
  case isOneOf(String, [Literal])
  /// `%` in the pattern stands for any bytes, `_` for one character, `\` takes away the meaning of
  /// what follows.
  case like(String, String)
  /// The text of the column has words of another, cut the way the column's index cuts them.
  case match(String, WordMatch, String)
  case isNull(String)
  case isNotNull(String)
  /// True when empty.
  case and([Predicate])
  /// False when empty.
  case or([Predicate])
  case not(Predicate)

  public static func && (a: Predicate, b: Predicate) -> Predicate { .and([a, b]) }
  public static func || (a: Predicate, b: Predicate) -> Predicate { .or([a, b]) }
  public static prefix func ! (a: Predicate) -> Predicate { .not(a) }
}

extension Predicate: CustomStringConvertible {
  /// As SQL writes it.
  public var description: String {
    switch self {
    case .compare(let name, let comparison, let literal): "\(name) \(comparison) \(literal)"
    case .between(let name, let lower, let upper): "\(name) BETWEEN \(lower) AND \(upper)"
    case .isOneOf(let name, let literals):
      "\(name) IN (\(literals.map(\.description).joined(separator: ", ")))"
    case .like(let name, let pattern): "\(name) LIKE \(Literal.string(pattern))"
    case .match(let name, let match, let text): "\(name) \(match) \(Literal.string(text))"
    case .isNull(let name): "\(name) IS NULL"
    case .isNotNull(let name): "\(name) IS NOT NULL"
    case .and(let terms) where terms.isEmpty: "TRUE"
    case .and(let terms): "(\(terms.map(\.description).joined(separator: " AND ")))"
    case .or(let terms) where terms.isEmpty: "FALSE"
    case .or(let terms): "(\(terms.map(\.description).joined(separator: " OR ")))"
    case .not(let term): "NOT (\(term))"
    }
  }
}

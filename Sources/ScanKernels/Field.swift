/// A column in a condition: `Field("price") >= 10 && Field("region").isOneOf(["north", "south"])`.
public struct Field: Hashable, Sendable, ExpressibleByStringLiteral {
  public let name: String

  public init(_ name: String) { self.name = name }
  public init(stringLiteral name: String) { self.init(name) }

  public static func == (field: Field, literal: Literal) -> Predicate {
    .compare(field.name, .equal, literal)
  }
  public static func != (field: Field, literal: Literal) -> Predicate {
    .compare(field.name, .notEqual, literal)
  }
  public static func < (field: Field, literal: Literal) -> Predicate {
    .compare(field.name, .less, literal)
  }
  public static func <= (field: Field, literal: Literal) -> Predicate {
    .compare(field.name, .lessOrEqual, literal)
  }
  public static func > (field: Field, literal: Literal) -> Predicate {
    .compare(field.name, .greater, literal)
  }
  public static func >= (field: Field, literal: Literal) -> Predicate {
    .compare(field.name, .greaterOrEqual, literal)
  }
  public func isBetween(_ lower: Literal, _ upper: Literal) -> Predicate {
    .between(name, lower, upper)
  }
  public func isOneOf(_ literals: [Literal]) -> Predicate { .isOneOf(name, literals) }
  /// As SQL's LIKE: see `Predicate.like`.
  public func isLike(_ pattern: String) -> Predicate { .like(name, pattern) }
  /// As the MATCH of Apache Doris: see `Predicate.match`.
  public func matches(_ match: WordMatch, _ text: String) -> Predicate {
    .match(name, match, text)
  }
  public var isNull: Predicate { .isNull(name) }
  public var isNotNull: Predicate { .isNotNull(name) }
}

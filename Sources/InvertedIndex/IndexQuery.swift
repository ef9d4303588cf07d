import StorageBase

/// A question to the index of one column. Like SQL it has three truth values: of a null row nothing
/// is true but `isNull`, also not the negation of something; a query yields the rows for which it
/// is true.
public indirect enum IndexQuery: Hashable, Sendable {
  /// The column has this value.
  case equals(Value)
  /// The column has one of these values; nulls among them match nothing. Without values it is false
  /// even for null rows.
  case isIn([Value])
  /// The column lies between bounds; nil for no bound on that side.
  case range(lower: Bound?, upper: Bound?)
  /// The text has at least one of these words.
  case matchAny(String)
  /// The text has all of these words, in any order; a text of no words matches nothing.
  case matchAll(String)
  /// The text has these words one after another.
  case matchPhrase(String)
  /// As `matchPhrase`, but the last word is only the beginning of one.
  case matchPhrasePrefix(String)
  case isNull
  case and([IndexQuery])
  case or([IndexQuery])
  case not(IndexQuery)

  /// An end of a range.
  public struct Bound: Hashable, Sendable {
    public var value: Value
    public var isInclusive: Bool

    public init(_ value: Value, isInclusive: Bool) {
      self.value = value
      self.isInclusive = isInclusive
    }
  }
}

import StorageBase

/// How one column shall look, whatever form it comes in. What is done, in this order: texts are
/// trimmed, markers of null become null, cases are folded, the type is changed, nulls are filled.
public struct FieldStandard: Hashable, Sendable {
  public enum LetterCase: String, Hashable, Sendable, CaseIterable { case lower, upper }

  /// What becomes of a row whose value is none of the type.
  public enum Failure: String, Hashable, Sendable, CaseIterable {
    case divert
    case drop
    case null
    /// The default takes the place of the value.
    case useDefault = "default"
  }

  /// The name it has afterwards.
  public var column: String
  /// The name it comes under.
  public var source: String
  /// Nil to keep the type it has.
  public var type: DataType?
  public var trim: Bool
  /// Of ASCII letters; nil to leave them.
  public var letterCase: LetterCase?
  /// Texts that mean null, such as `N/A` and the empty one; compared after trimming.
  public var nullMarkers: [String]
  /// How dates and times are written (`DatePattern`); those of ISO 8601 unless told.
  public var patterns: [String]
  /// What a null becomes, as a text of the type; nil to leave nulls.
  public var defaultText: String?
  public var onFailure: Failure

  public init(
    _ column: String, from source: String? = nil, type: DataType? = nil, trim: Bool = false,
    letterCase: LetterCase? = nil, nullMarkers: [String] = [], patterns: [String] = [],
    defaultText: String? = nil, onFailure: Failure = .divert
  ) {
    self.column = column
    self.source = source ?? column
    self.type = type
    self.trim = trim
    self.letterCase = letterCase
    self.nullMarkers = nullMarkers
    self.patterns = patterns
    self.defaultText = defaultText
    self.onFailure = onFailure
  }
}

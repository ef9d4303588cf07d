import StorageBase

/// How the index of one column is built. Indexes can be merged if their options are equal.
public struct IndexOptions: Hashable, Sendable {
  public var parser: IndexParser
  /// Folds tokens to lower case, those of queries too. Without effect for the parser `none`.
  public var lowerCase: Bool
  /// Keeps the positions of tokens, so that phrases can be looked for. It costs about one byte per
  /// token. Without effect for parsers that do not tokenize.
  public var supportPhrase: Bool
  /// The longest term, in bytes, of the parsers `none` and `keyword`. Rows with longer ones are not
  /// indexed, and queries that would need them are refused: `InvertedIndexReader.canAnswer`.
  public var ignoreAbove: Int

  /// What `ignoreAbove` may be.
  public static let ignoreAboveRange = 1...32_766

  /// The defaults are those of Apache Doris: lower-casing, 256 bytes, and phrases for every parser
  /// that tokenizes.
  public init(
    parser: IndexParser = .none, lowerCase: Bool = true, supportPhrase: Bool? = nil,
    ignoreAbove: Int = 256
  ) {
    self.parser = parser
    self.lowerCase = lowerCase && parser != .none
    self.supportPhrase = (supportPhrase ?? true) && parser.isTokenizing
    self.ignoreAbove = ignoreAbove
  }

  /// Reads properties by the names of Apache Doris: `parser`, `lower_case`, `support_phrase`,
  /// `ignore_above`.
  /// - Throws: `StorageError` for an unknown name or a value out of range.
  public init(properties: [String: String]) throws {
    let known = ["ignore_above", "lower_case", "parser", "support_phrase"]
    for name in properties.keys.sorted() where !known.contains(name) {
      throw StorageError.unknownName(kind: "index property", name: name, known: known)
    }
    var parser = IndexParser.none
    if let name = properties["parser"] {
      guard let named = IndexParser.allCases.first(where: { $0.name == name }) else {
        throw StorageError.unknownName(
          kind: "parser", name: name, known: IndexParser.allCases.map(\.name))
      }
      parser = named
    }
    var ignoreAbove = 256
    if let text = properties["ignore_above"] {
      guard let number = Int(text) else {
        throw StorageError.invalidArgument(
          name: "ignore_above", value: text, reason: "it must be a number of bytes")
      }
      ignoreAbove = number
    }
    self.init(
      parser: parser, lowerCase: try Self.flag("lower_case", properties) ?? true,
      supportPhrase: try Self.flag("support_phrase", properties), ignoreAbove: ignoreAbove)
    try validate()
  }

  private static func flag(_ name: String, _ properties: [String: String]) throws -> Bool? {
    guard let text = properties[name] else { return nil }
    guard let flag = Bool(text) else {
      throw StorageError.invalidArgument(
        name: name, value: text, reason: "it must be true or false")
    }
    return flag
  }

  /// - Throws: `StorageError.invalidArgument` naming the option that is out of range.
  func validate() throws {
    guard Self.ignoreAboveRange.contains(ignoreAbove) else {
      throw StorageError.invalidArgument(
        name: "ignore_above", value: "\(ignoreAbove)",
        reason: "it must be in 1...\(Self.ignoreAboveRange.upperBound)")
    }
  }

  /// These options without those that do not apply to a column of the type.
  /// - Throws: `StorageError.invalidArgument` for a parser on a column that is not of strings.
  public func applied(to type: DataType) throws -> IndexOptions {
    try validate()
    guard type == .string || parser == .none else {
      throw StorageError.invalidArgument(
        name: "parser", value: parser.name, reason: "a column of type \(type) has no text")
    }
    return IndexOptions(
      parser: parser, lowerCase: lowerCase, supportPhrase: supportPhrase, ignoreAbove: ignoreAbove)
  }
}

import StorageBase

extension InvertedIndexReader {
  /// The rows for which a query is true.
  ///
  /// A term costs a read of one dictionary block and, if it is in more than a few rows, one of its
  /// postings. A range reads all terms in it. Thread-safe.
  /// - Parameter work: what was done is added to it.
  /// - Throws: `StorageError.invalidArgument` if `canAnswer` is false; `corrupt` or what the file
  ///   throws.
  public func rows(matching query: IndexQuery, work: inout IndexWork) throws -> RowSet {
    guard canAnswer(query) else {
      throw StorageError.invalidArgument(
        name: "index query", value: "\(query)",
        reason: """
          an index of \(type) with parser \(options.parser.name)\
          \(options.supportPhrase ? "" : " without positions") cannot answer it; scan the rows
          """)
    }
    var evaluator = QueryEvaluator(self)
    let result = try evaluator.rows(query, isNegated: false)
    work = work + evaluator.work
    return result
  }

  public func rows(matching query: IndexQuery) throws -> RowSet {
    var work = IndexWork()
    return try rows(matching: query, work: &work)
  }

  /// The rows that are null.
  public func nullRows() throws -> RowSet {
    var work = IndexWork()
    return try rowSet(footer.nulls, work: &work)
  }

  /// At most how many rows match, from the dictionary alone: no postings are read, and of a range
  /// only the blocks at its two ends. Equality of one value, or of one word, is exact.
  /// - Throws: as `rows(matching:)`.
  public func estimate(_ query: IndexQuery, work: inout IndexWork) throws -> Int {
    guard canAnswer(query) else { return rowCount }
    var estimator = QueryEstimator(self)
    let bounds = try estimator.bounds(query)
    work = work + estimator.work
    return bounds.upperBound
  }

  /// Whether the index has what it takes to answer exactly. It has not if
  /// - a value is of another kind than the column's, or a column that is not of strings is asked
  ///   for words;
  /// - values are asked for, but the parser keeps words or folds case;
  /// - a phrase is asked for, but positions are not kept;
  /// - rows were left out since their terms are longer than `IndexOptions.ignoreAbove`, and the
  ///   query could be true for one of them.
  public func canAnswer(_ query: IndexQuery) -> Bool {
    switch query {
    case .isNull: true
    case .not(let inner): canAnswer(inner)
    case .and(let parts), .or(let parts): parts.allSatisfy { canAnswer($0) }
    case .equals(let value): canFind(value)
    case .isIn(let values): values.allSatisfy { canFind($0) }
    case .range(let lower, let upper):
      hasExactValues && ignoredCount == 0
        && [lower, upper].allSatisfy { bound in
          bound.map { $0.value.isNull || isKind($0.value) } ?? true
        }
    case .matchAny(let text), .matchAll(let text):
      type == .string && (keepsAll || tokens(of: text).allSatisfy { isKept($0) })
    case .matchPhrase(let text):
      type == .string && canFollow(text)
    case .matchPhrasePrefix(let text):
      type == .string && keepsAll && canFollow(text)
    }
  }

  /// Whether terms are whole values, byte for byte.
  private var hasExactValues: Bool {
    switch options.parser {
    case .none: true
    case .keyword: !options.lowerCase
    case .english, .unicode, .chinese: false
    }
  }

  private func isKind(_ value: Value) -> Bool {
    OrderedKey.place(of: value, type: type) != nil
  }

  private func canFind(_ value: Value) -> Bool {
    if value.isNull { return true }
    guard hasExactValues, let place = OrderedKey.place(of: value, type: type) else { return false }
    guard type == .string, case .at(let term) = place else { return true }
    return isKept(term)
  }

  /// Whether no row was left out.
  private var keepsAll: Bool { options.parser.isTokenizing || ignoredCount == 0 }

  /// Whether rows with the term would be in the index.
  private func isKept(_ term: [UInt8]) -> Bool { keepsAll || term.count <= options.ignoreAbove }

  private func canFollow(_ text: String) -> Bool {
    if options.supportPhrase { return true }
    let tokens = tokens(of: text)
    return tokens.count < 2 && tokens.allSatisfy { isKept($0) }
  }

  /// The words of a query without repetitions, in the order of the dictionary, so that the same
  /// query always costs the same.
  func distinctTokens(of text: String) -> [[UInt8]] {
    Set(tokens(of: text)).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The words of a query, cut as those of the column were.
  func tokens(of text: String) -> [[UInt8]] {
    var tokenizer = Tokenizer(options)
    return tokenizer.tokens(of: text)
  }
}

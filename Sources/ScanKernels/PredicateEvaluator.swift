import StorageBase

/// Evaluates one predicate over many pages, keeping what it learns of each dictionary. One per
/// scanning thread.
public struct PredicateEvaluator {
  public let predicate: BoundPredicate
  private var matches: [DictionaryMatches?]
  private var finders: [(any WordFinder)?]

  /// Beside so few selected rows it is worth while to look at them alone: one in so many.
  private static let sparseRowShare = 8

  public init(_ predicate: BoundPredicate) {
    self.predicate = predicate
    matches = Array(repeating: nil, count: predicate.stringTestCount)
    finders = Array(repeating: nil, count: predicate.stringTestCount)
  }

  /// The rows of one page that the predicate selects.
  ///
  /// - Parameter column: gives a column of the page by its position in the schema. It may be asked
  ///   for the same one again; it is not asked for columns that can no longer change the answer.
  /// - Precondition: the columns have the types of the schema and `rowCount` rows.
  public mutating func evaluate(
    rowCount: Int, column: (Int) throws -> ColumnVector
  ) rethrows -> Bitmap {
    try rows(of: predicate.root, rowCount, among: nil, column)
  }

  /// The rows of one page, of those in `among`, that a part of the predicate selects.
  /// - Parameter part: what `BoundPredicate.keeping` made of the evaluator's predicate.
  public mutating func evaluate(
    _ part: BoundPredicate, among: Bitmap, column: (Int) throws -> ColumnVector
  ) rethrows -> Bitmap {
    let selection = try rows(of: part.root, among.count, among: Self.sparse(among), column)
    selection.formIntersection(among)
    return selection
  }

  /// The rows if they are few, else nil: looking at all is cheaper then.
  private static func sparse(_ rows: Bitmap) -> Bitmap? {
    rows.setCount * sparseRowShare <= rows.count ? rows : nil
  }

  /// - Parameter among: rows outside it may be left out of the answer.
  private mutating func rows(
    of node: BoundPredicate.Node, _ rowCount: Int, among: Bitmap?,
    _ column: (Int) throws -> ColumnVector
  ) rethrows -> Bitmap {
    switch node {
    case .constant(let value):
      return value ? .full(count: rowCount) : Bitmap(count: rowCount)
    case .isNull(let index):
      return try column(index).nulls?.copy() ?? Bitmap(count: rowCount)
    case .isNotNull(let index):
      let selection = Bitmap.full(count: rowCount)
      if let nulls = try column(index).nulls { selection.subtract(nulls) }
      return selection
    case .ranks(let index, let ranges):
      let vector = try column(index)
      let selection = RangeSelection().rows(of: vector, in: ranges)
      if let nulls = vector.nulls { selection.subtract(nulls) }
      return selection
    case .strings(let index, let test, let ordinal):
      return rows(of: try column(index), ordinal, among: among) { strings, among in
        test.accepted(in: strings, among: among)
      }
    case .words(let index, let test, let ordinal):
      let finder = finders[ordinal] ?? test.analyzer.finder(test.match, test.text)
      finders[ordinal] = finder
      return rows(of: try column(index), ordinal, among: among) { strings, among in
        test.accepted(in: strings, by: finder, among: among)
      }
    case .and(let terms):
      let selection = try rows(of: terms[0], rowCount, among: among, column)
      for term in terms.dropFirst() {
        if selection.isEmpty { break }
        let rest = Self.sparse(selection) ?? among
        selection.formIntersection(try rows(of: term, rowCount, among: rest, column))
      }
      return selection
    case .or(let terms):
      let selection = try rows(of: terms[0], rowCount, among: among, column)
      for term in terms.dropFirst() {
        selection.formUnion(try rows(of: term, rowCount, among: among, column))
      }
      return selection
    }
  }

  /// - Parameter accepted: which of some strings the test with this number accepts.
  private mutating func rows(
    of vector: ColumnVector, _ ordinal: Int, among: Bitmap?,
    accepted: (StringTable, Bitmap?) -> Bitmap
  ) -> Bitmap {
    let selection: Bitmap
    switch vector.body {
    case .coded(let codes, let dictionary):
      selection = matches(of: dictionary, ordinal, accepted)
        .rows(codes: codes, count: vector.count)
    case .byteCoded(let codes, let dictionary):
      selection = matches(of: dictionary, ordinal, accepted)
        .rows(byteCodes: codes, count: vector.count)
    case .strings(let table): selection = accepted(table, among)
    case .fixed, .offsets: preconditionFailure("a string test on a column of \(vector.type)")
    }
    if let nulls = vector.nulls { selection.subtract(nulls) }
    return selection
  }

  private mutating func matches(
    of dictionary: StringTable, _ ordinal: Int, _ accepted: (StringTable, Bitmap?) -> Bitmap
  ) -> DictionaryMatches {
    if let known = matches[ordinal], known.belongs(to: dictionary) { return known }
    let fresh = DictionaryMatches(of: dictionary, accepted(dictionary, nil))
    matches[ordinal] = fresh
    return fresh
  }
}

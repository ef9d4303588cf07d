import StorageBase

/// Evaluates one predicate over many pages, keeping what it learns of each dictionary. One per
/// scanning thread.
public struct PredicateEvaluator {
  public let predicate: BoundPredicate
  private var matches: [DictionaryMatches?]

  public init(_ predicate: BoundPredicate) {
    self.predicate = predicate
    matches = Array(repeating: nil, count: predicate.stringTestCount)
  }

  /// The rows of one page that the predicate selects.
  ///
  /// - Parameter column: gives a column of the page by its position in the schema. It may be asked
  ///   for the same one again; it is not asked for columns that can no longer change the answer.
  /// - Precondition: the columns have the types of the schema and `rowCount` rows.
  public mutating func evaluate(
    rowCount: Int, column: (Int) throws -> ColumnVector
  ) rethrows -> Bitmap {
    try rows(of: predicate.root, rowCount, column)
  }

  private mutating func rows(
    of node: BoundPredicate.Node, _ rowCount: Int, _ column: (Int) throws -> ColumnVector
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
      let vector = try column(index)
      let selection = rows(of: vector, test, ordinal)
      if let nulls = vector.nulls { selection.subtract(nulls) }
      return selection
    case .and(let terms):
      let selection = try rows(of: terms[0], rowCount, column)
      for term in terms.dropFirst() {
        if selection.isEmpty { break }
        selection.formIntersection(try rows(of: term, rowCount, column))
      }
      return selection
    case .or(let terms):
      let selection = try rows(of: terms[0], rowCount, column)
      for term in terms.dropFirst() {
        selection.formUnion(try rows(of: term, rowCount, column))
      }
      return selection
    }
  }

  private mutating func rows(
    of vector: ColumnVector, _ test: StringTest, _ ordinal: Int
  ) -> Bitmap {
    switch vector.body {
    case .coded(let codes, let dictionary):
      return matches(in: dictionary, test, ordinal).rows(codes: codes, count: vector.count)
    case .byteCoded(let codes, let dictionary):
      return matches(in: dictionary, test, ordinal).rows(byteCodes: codes, count: vector.count)
    case .strings(let table):
      let selection = Bitmap(count: vector.count)
      for row in 0..<vector.count where test.accepts(table[row]) { selection.set(row) }
      return selection
    case .fixed, .offsets: preconditionFailure("a string test on a column of \(vector.type)")
    }
  }

  private mutating func matches(
    in dictionary: StringTable, _ test: StringTest, _ ordinal: Int
  ) -> DictionaryMatches {
    if let known = matches[ordinal], known.belongs(to: dictionary) { return known }
    let fresh = DictionaryMatches(of: dictionary, test)
    matches[ordinal] = fresh
    return fresh
  }
}

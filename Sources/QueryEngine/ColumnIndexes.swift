import InvertedIndex
import ScanKernels
import StorageBase

/// Answers parts of a predicate from the inverted indexes of one segment. Not thread-safe.
struct ColumnIndexes {
  private let source: any PrunableSource
  /// By position in the schema, the column of the segment.
  private let positions: [Int?]
  private let use: IndexUse
  /// By position in the segment; those without an index are nil.
  private var opened: [Int: Opened?] = [:]
  private(set) var work = IndexWork()
  /// Questions asked.
  private(set) var lookupCount = 0

  private struct Opened {
    let reader: InvertedIndexReader
    let key: IndexCache.Key
  }

  /// A question to the index of one column.
  private struct Question {
    let index: Opened
    let query: IndexQuery
  }

  /// Spans of one condition that are looked for one by one.
  private static let spanCountMax = 64

  init(_ source: any PrunableSource, positions: [Int?], use: IndexUse) {
    self.source = source
    self.positions = positions
    self.use = use
  }

  /// At most how many rows the predicate is true for; nil if indexes cannot tell which.
  mutating func estimate(_ predicate: BoundPredicate) throws -> Int? {
    switch predicate.form {
    case .constant(let value): return value ? source.rowCount : 0
    case .and(let parts):
      var least = source.rowCount
      for part in parts {
        guard let count = try estimate(part) else { return nil }
        least = min(least, count)
      }
      return least
    case .or(let parts):
      var sum = 0
      for part in parts {
        guard let count = try estimate(part) else { return nil }
        sum += count
      }
      return min(sum, source.rowCount)
    default:
      guard let question = try question(predicate.form) else { return nil }
      return try question.index.reader.estimate(question.query, work: &work)
    }
  }

  /// The rows for which the predicate is true.
  /// - Precondition: `estimate` was not nil.
  mutating func rows(_ predicate: BoundPredicate) throws -> RowSet {
    switch predicate.form {
    case .constant(let value): return value ? RowSet(0..<source.rowCount) : RowSet()
    case .and(let parts):
      var result = RowSet(0..<source.rowCount)
      for part in parts where !result.isEmpty { result = result.intersection(try rows(part)) }
      return result
    case .or(let parts):
      var result = RowSet()
      for part in parts { result = result.union(try rows(part)) }
      return result
    default:
      guard let question = try question(predicate.form) else {
        preconditionFailure("no index answers \(predicate.form)")
      }
      lookupCount += 1
      let (reader, key) = (question.index.reader, question.index.key)
      return try use.cache?.rows(matching: question.query, in: reader, key, work: &work)
        ?? reader.rows(matching: question.query, work: &work)
    }
  }

  private mutating func question(_ form: PredicateForm) throws -> Question? {
    guard let (column, query) = Self.query(form), let position = positions[column],
      let index = try index(ofColumn: position), index.reader.canAnswer(query)
    else { return nil }
    return Question(index: index, query: query)
  }

  private mutating func index(ofColumn column: Int) throws -> Opened? {
    if let known = opened[column] { return known }
    guard let block = source.invertedIndex(ofColumn: column) else {
      opened[column] = .some(nil)
      return nil
    }
    let key = IndexCache.Key(path: source.path, offset: block.range.lowerBound)
    let open = { try InvertedIndexReader(block.file, range: block.range) }
    let reader = try use.cache?.reader(key, open: open) ?? open()
    guard reader.rowCount == source.rowCount, reader.type == source.schema.columns[column].type
    else {
      throw StorageError.corrupt(
        file: source.path, offset: block.range.lowerBound, what: "inverted index",
        expected: "\(source.rowCount) rows of \(source.schema.columns[column].type)",
        found: "\(reader.rowCount) of \(reader.type)")
    }
    opened[column] = Opened(reader: reader, key: key)
    return opened[column] ?? nil
  }

  private static func query(_ form: PredicateForm) -> (column: Int, IndexQuery)? {
    switch form {
    case .isNull(let column): return (column, .isNull)
    case .isNotNull(let column): return (column, .not(.isNull))
    case .spans(let column, let spans, let isNegated):
      guard spans.count <= spanCountMax || spans.allSatisfy({ $0.point != nil }) else { return nil }
      return (column, negated(query(spans), isNegated))
    case .words(let column, let match, let text, let isNegated):
      let query: IndexQuery =
        switch match {
        case .any: .matchAny(text)
        case .all: .matchAll(text)
        case .phrase: .matchPhrase(text)
        case .phrasePrefix: .matchPhrasePrefix(text)
        }
      return (column, negated(query, isNegated))
    case .constant, .substrings, .and, .or, .other: return nil
    }
  }

  private static func negated(_ query: IndexQuery, _ isNegated: Bool) -> IndexQuery {
    isNegated ? .not(query) : query
  }

  private static func query(_ spans: [ValueSpan]) -> IndexQuery {
    let points = spans.compactMap(\.point)
    let ranges = spans.filter { $0.point == nil }.map { span in
      IndexQuery.range(lower: span.lower.map(bound), upper: span.upper.map(bound))
    }
    if ranges.isEmpty { return points.count == 1 ? .equals(points[0]) : .isIn(points) }
    let parts = ranges + (points.isEmpty ? [] : [.isIn(points)])
    return parts.count == 1 ? parts[0] : .or(parts)
  }

  private static func bound(_ bound: ValueSpan.Bound) -> IndexQuery.Bound {
    IndexQuery.Bound(bound.value, isInclusive: bound.isInclusive)
  }
}

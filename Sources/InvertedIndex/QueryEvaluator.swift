import ScanKernels
import StorageBase

/// Answers one query. Negations are moved inwards to the leaves (De Morgan's laws hold in SQL's
/// three-valued logic), where the rows that are not null and not in the set are those wanted; so
/// the null rows are read only if a leaf is negated.
struct QueryEvaluator {
  private let reader: InvertedIndexReader
  private(set) var work = IndexWork()
  private var valueRows: RowSet?

  init(_ reader: InvertedIndexReader) { self.reader = reader }

  mutating func rows(_ query: IndexQuery, isNegated: Bool) throws -> RowSet {
    switch query {
    case .not(let inner): return try rows(inner, isNegated: !isNegated)
    case .and(let parts): return try combine(parts, isNegated, isAll: !isNegated)
    case .or(let parts): return try combine(parts, isNegated, isAll: isNegated)
    case .isNull:
      return isNegated ? try notNull() : try reader.rowSet(reader.footer.nulls, work: &work)
    case .equals(.null): return RowSet()
    case .isIn(let values) where values.isEmpty: return try combine([], isNegated, isAll: isNegated)
    case .isIn(let values) where isNegated && values.contains(.null): return RowSet()
    case .range(let lower, let upper)
    where isNegated && (lower?.value == .null || upper?.value == .null):
      return try rowsOutside(lower, upper)
    default:
      let found = try leaf(query)
      return isNegated ? try notNull().subtracting(found) : found
    }
  }

  /// `x BETWEEN NULL AND 5` is false, not unknown, for an x above 5: the bound that is known
  /// decides alone.
  private mutating func rowsOutside(
    _ lower: IndexQuery.Bound?, _ upper: IndexQuery.Bound?
  ) throws -> RowSet {
    let known = [lower, upper].map { bound in bound.flatMap { $0.value.isNull ? nil : $0 } }
    guard known[0] != nil || known[1] != nil else { return RowSet() }
    let inside = try leaf(.range(lower: known[0], upper: known[1]))
    return try notNull().subtracting(inside)
  }

  private mutating func combine(
    _ parts: [IndexQuery], _ isNegated: Bool, isAll: Bool
  ) throws -> RowSet {
    guard let first = parts.first else { return isAll ? RowSet(0..<reader.rowCount) : RowSet() }
    var result = try rows(first, isNegated: isNegated)
    for part in parts.dropFirst() {
      if isAll && result.isEmpty { return result }
      let other = try rows(part, isNegated: isNegated)
      result = isAll ? result.intersection(other) : result.union(other)
    }
    return result
  }

  private mutating func notNull() throws -> RowSet {
    if let valueRows { return valueRows }
    let nulls = try reader.rowSet(reader.footer.nulls, work: &work)
    let result = RowSet(0..<reader.rowCount).subtracting(nulls)
    valueRows = result
    return result
  }

  private mutating func leaf(_ query: IndexQuery) throws -> RowSet {
    switch query {
    case .equals(let value): return try union(ofValues: [value])
    case .isIn(let values): return try union(ofValues: values)
    case .range(let lower, let upper):
      guard let range = KeyRange(lower: lower, upper: upper, type: reader.type) else {
        return RowSet()
      }
      return try union(of: range)
    case .matchAny(let text): return try union(of: reader.distinctTokens(of: text))
    case .matchAll(let text):
      guard let entries = try entries(of: reader.distinctTokens(of: text)) else { return RowSet() }
      return try intersection(of: entries)
    case .matchPhrase(let text): return try phrase(reader.tokens(of: text))
    case .matchPhrasePrefix(let text): return try phrasePrefix(reader.tokens(of: text))
    case .isNull, .and, .or, .not: preconditionFailure("not a leaf")
    }
  }

  private mutating func union(ofValues values: [Value]) throws -> RowSet {
    var terms: Set<[UInt8]> = []
    for value in values {
      if case .at(let key) = OrderedKey.place(of: value, type: reader.type) { terms.insert(key) }
    }
    return try union(of: Array(terms))
  }

  private mutating func union(of terms: [[UInt8]]) throws -> RowSet {
    if terms.count == 1 {
      guard let entry = try reader.entry(of: terms[0], work: &work) else { return RowSet() }
      return try reader.rowSet(of: entry, work: &work)
    }
    let collector = RowSetCollector()
    // In the order of the dictionary, so that a block is read by neighbours one after another.
    for term in terms.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      if let entry = try reader.entry(of: term, work: &work) {
        collector.formUnion(try reader.rowSet(of: entry, work: &work))
      }
    }
    return collector.result()
  }

  private mutating func union(of range: KeyRange) throws -> RowSet {
    let collector = RowSetCollector()
    for entry in try entries(in: range) {
      switch entry.form {
      case .roaring, .packed: collector.formUnion(try reader.rowSet(of: entry, work: &work))
      case .deltas:
        work.postings += 1
        collector.formUnion(
          try reader.withPostings(of: entry, work: &work) { rows, _ in
            PostingsDecoder.rows(
              rows, form: .deltas, count: entry.documentCount, rowCount: reader.rowCount)
          })
      }
    }
    return collector.result()
  }

  private mutating func entries(in range: KeyRange) throws -> [TermEntry] {
    var cursor = try TermCursor(reader, from: range.first, work: &work)
    var result: [TermEntry] = []
    while try cursor.next(work: &work), range.isBeforeEnd(cursor.term) {
      if !range.leavesOut(cursor.term), let entry = cursor.entry { result.append(entry) }
    }
    return result
  }

  /// Nil if there are no terms or one is not in the dictionary.
  private mutating func entries(of terms: [[UInt8]]) throws -> [TermEntry]? {
    guard !terms.isEmpty else { return nil }
    var result: [TermEntry] = []
    for term in terms {
      guard let entry = try reader.entry(of: term, work: &work) else { return nil }
      result.append(entry)
    }
    return result
  }

  /// Rarest first, so that the sets stay small.
  private mutating func intersection(of entries: [TermEntry]) throws -> RowSet {
    let ordered = entries.sorted { $0.documentCount < $1.documentCount }
    var result = try reader.rowSet(of: ordered[0], work: &work)
    for entry in ordered.dropFirst() {
      if result.isEmpty { break }
      result = result.intersection(try reader.rowSet(of: entry, work: &work))
    }
    return result
  }

  // MARK: Phrases

  private mutating func phrase(_ words: [[UInt8]]) throws -> RowSet {
    guard let entries = try entries(of: words) else { return RowSet() }
    guard entries.count > 1 else { return try reader.rowSet(of: entries[0], work: &work) }
    return try rowSet(starts(of: entries).rows)
  }

  private func rowSet(_ rows: [UInt32]) throws -> RowSet {
    RoaringEncoding.rowSet(ofAscending: rows) ?? RowSet(rows)
  }

  private mutating func starts(
    of entries: [TermEntry], among: Bitmap? = nil
  ) throws -> PhraseStarts {
    let words = try entries.map { try reader.phraseWord(of: $0, work: &work) }
    guard let starts = PhraseStarts(words, among: among) else { throw malformedPositions }
    return starts
  }

  private var malformedPositions: StorageError {
    reader.corrupt("positions", at: 0, expected: "ascending ones", found: "others")
  }

  /// Last words of a phrase whose rows are held in memory together.
  private static let heldWordCountMax = 64

  /// Where all words but the last follow each other, then each word that begins with the last.
  private mutating func phrasePrefix(_ words: [[UInt8]]) throws -> RowSet {
    guard let last = words.last else { return RowSet() }
    guard words.count > 1 else { return try union(of: KeyRange(prefix: last)) }
    guard let heads = try entries(of: Array(words.dropLast())) else { return RowSet() }
    let tails = try entries(in: KeyRange(prefix: last))
    let collector = RowSetCollector()
    if tails.count <= Self.heldWordCountMax {
      // Then only rows that have one of them need be looked at.
      let held = try tails.map { try reader.phraseWord(of: $0, work: &work) }
      let union = RankedRows.emptyBitmap(rowCount: reader.rowCount)
      for word in held { union.formUnion(word.rows.bitmap) }
      let starts = try starts(of: heads, among: union)
      for word in held { try collect(starts, word, heads.count, into: collector) }
    } else {
      let starts = try starts(of: heads)
      for entry in tails where !starts.rows.isEmpty {
        let word = try reader.phraseWord(of: entry, work: &work)
        try collect(starts, word, heads.count, into: collector)
      }
    }
    return collector.result()
  }

  private func collect(
    _ starts: PhraseStarts, _ word: PhraseWord, _ distance: Int, into collector: RowSetCollector
  ) throws {
    guard let rows = starts.rows(followedBy: word, distance: distance) else {
      throw malformedPositions
    }
    collector.formUnion(rows)
  }
}

import StorageBase

/// Bounds the rows for which a query is true by the document counts of the dictionary.
struct QueryEstimator {
  private let reader: InvertedIndexReader
  private(set) var work = IndexWork()

  init(_ reader: InvertedIndexReader) { self.reader = reader }

  /// At least and at most how many rows match.
  mutating func bounds(_ query: IndexQuery) throws -> ClosedRange<Int> {
    let valueCount = reader.rowCount - reader.nullCount
    switch query {
    case .isNull: return reader.nullCount...reader.nullCount
    case .equals(let value): return try bounds(ofValues: [value])
    case .isIn(let values): return try bounds(ofValues: values)
    case .range(let lower, let upper):
      guard let range = KeyRange(lower: lower, upper: upper, type: reader.type) else {
        return 0...0
      }
      return 0...min(valueCount, try documentSum(of: range))
    case .matchAny(let text): return try union(of: reader.distinctTokens(of: text))
    case .matchAll(let text), .matchPhrase(let text):
      return try intersection(of: reader.distinctTokens(of: text))
    case .matchPhrasePrefix(let text):
      let words = reader.tokens(of: text)
      guard let last = words.last else { return 0...0 }
      let tail = min(valueCount, try documentSum(of: KeyRange(prefix: last)))
      guard words.count > 1 else { return 0...tail }
      return 0...min(tail, try intersection(of: Array(Set(words.dropLast()))).upperBound)
    case .not(let inner):
      return 0...(reader.rowCount - (try bounds(inner)).lowerBound)
    case .and(let parts):
      return 0...(try parts.map { try bounds($0).upperBound }.min() ?? reader.rowCount)
    case .or(let parts):
      let all = try parts.map { try bounds($0) }
      let least = all.map(\.lowerBound).max() ?? 0
      return least...min(reader.rowCount, all.reduce(0) { $0 + $1.upperBound })
    }
  }

  private mutating func bounds(ofValues values: [Value]) throws -> ClosedRange<Int> {
    var terms: Set<[UInt8]> = []
    for value in values {
      if case .at(let key) = OrderedKey.place(of: value, type: reader.type) { terms.insert(key) }
    }
    return try union(of: Array(terms))
  }

  private mutating func count(of term: [UInt8]) throws -> Int {
    try reader.entry(of: term, work: &work)?.documentCount ?? 0
  }

  private mutating func union(of terms: [[UInt8]]) throws -> ClosedRange<Int> {
    var least = 0
    var sum = 0
    for term in terms {
      let count = try count(of: term)
      least = max(least, count)
      sum += count
    }
    return least...max(least, min(sum, reader.rowCount - reader.nullCount))
  }

  private mutating func intersection(of terms: [[UInt8]]) throws -> ClosedRange<Int> {
    var most = terms.isEmpty ? 0 : reader.rowCount
    for term in terms { most = min(most, try count(of: term)) }
    return (terms.count == 1 ? most : 0)...most
  }

  /// The document counts of a range added up: those of its first and last block one by one, those
  /// of the blocks between from the footer.
  private mutating func documentSum(of range: KeyRange) throws -> Int {
    let footer = reader.footer
    guard let firstBlock = range.first.withUnsafeBytes({ footer.block(of: $0) }) else { return 0 }
    let lastBlock =
      range.end.flatMap { end in end.withUnsafeBytes { footer.block(of: $0) } }
      ?? footer.blocks.count - 1
    guard firstBlock <= lastBlock else { return 0 }
    var sum = try documentSum(of: range, block: firstBlock)
    if lastBlock > firstBlock {
      sum += try documentSum(of: range, block: lastBlock)
      sum += footer.blocks[lastBlock - 1].documentSum - footer.blocks[firstBlock].documentSum
    }
    return sum
  }

  private mutating func documentSum(of range: KeyRange, block: Int) throws -> Int {
    var cursor = BlockCursor(try reader.dictionaryBlock(block, work: &work))
    var step = range.first.withUnsafeBytes { cursor.seek($0) }
    var sum = 0
    while case .entry = step {
      guard range.isBeforeEnd(cursor.term) else { return sum }
      if !range.leavesOut(cursor.term) { sum += cursor.entry.documentCount }
      step = cursor.advance()
    }
    if case .malformed = step { throw reader.malformedBlock(block) }
    return sum
  }
}

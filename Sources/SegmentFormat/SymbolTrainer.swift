import StorageBase

/// Finds symbols for a text by trying: in each round the sample is encoded with the symbols so far,
/// and those replace them which would have saved most, among them the joins of neighbours. The
/// bottom-up construction of FSST. Its memory is reused. Not thread-safe.
final class SymbolTrainer {
  private static let roundCount = 5
  /// A join must have been seen so often.
  private static let pairCountMin = 4
  /// Single bytes are worth more than they save: without them text must be escaped.
  private static let singleGain = 8

  private let matches = UnsafeMutablePointer<UInt32>.allocate(capacity: 512)
  private let pairs = UnsafeMutablePointer<UInt16>.allocate(capacity: 512 * 512)

  deinit {
    matches.deallocate()
    pairs.deallocate()
  }

  /// Gives the matcher the symbols for texts like this sample.
  func train(_ matcher: SymbolMatcher, on sample: UnsafeRawBufferPointer) {
    matcher.use([])
    for round in 0..<Self.roundCount {
      matches.update(repeating: 0, count: 512)
      pairs.update(repeating: 0, count: 512 * 512)
      matcher.count(sample, matches: matches, pairs: pairs)
      let gains = gains(matcher.table, joins: round < Self.roundCount - 1)
      // A total order, so that the same text always gives the same table.
      let best = gains.sorted { a, b in
        if a.value != b.value { return a.value > b.value }
        return (a.key.length, a.key.bytes) < (b.key.length, b.key.bytes)
      }
      matcher.use(best.lazy.map(\.key))
    }
  }

  /// The bytes that each possible symbol would stand for.
  private func gains(_ table: SymbolTable, joins: Bool) -> [SymbolTable.Symbol: Int] {
    var gains: [SymbolTable.Symbol: Int] = [:]
    for first in 0..<512 where matches[first] > 0 {
      let symbol = Self.symbol(first, table)
      let worth = symbol.length == 1 ? Self.singleGain : symbol.length
      gains[symbol, default: 0] += Int(matches[first]) * worth
      guard joins, symbol.length < SymbolTable.Symbol.lengthMax else { continue }
      for second in 0..<512 where pairs[first * 512 + second] >= Self.pairCountMin {
        let join = symbol.followed(by: Self.symbol(second, table))
        gains[join, default: 0] += Int(pairs[first * 512 + second]) * join.length
      }
    }
    return gains
  }

  private static func symbol(_ code: Int, _ table: SymbolTable) -> SymbolTable.Symbol {
    code < 256 ? table.symbols[code] : SymbolTable.Symbol(bytes: UInt64(code - 256), length: 1)
  }
}

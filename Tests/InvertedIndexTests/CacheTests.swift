import InvertedIndex
import StorageBase
import Testing

/// Caches keep what was used last, within their bytes.
struct CacheTests {
  /// Against a list in the order of use.
  @Test func leastRecentlyUsedGoesFirst() {
    var generator = SeededGenerator(seed: 1)
    let cache = ByteLimitedCache<Int, Int>(byteCountMax: 100)
    var model: [(key: Int, bytes: Int)] = []
    var (hits, misses) = (0, 0)
    for _ in 0..<3000 {
      let key = Int(generator.next() % 30)
      let bytes = key * 5 % 47 + (key == 29 ? 200 : 0)
      #expect(cache.value(for: key, byteCount: { _ in bytes }, make: { key * 10 }) == key * 10)
      if let place = model.firstIndex(where: { $0.key == key }) {
        model.append(model.remove(at: place))
        hits += 1
      } else {
        misses += 1
        if bytes <= 100 {
          while model.reduce(0, { $0 + $1.bytes }) + bytes > 100 { model.removeFirst() }
          model.append((key, bytes))
        }
      }
      let counters = cache.counters
      #expect(counters.byteCount == model.reduce(0) { $0 + $1.bytes })
      #expect(counters.entryCount == model.count)
      #expect(counters.hits == hits && counters.misses == misses)
    }
    cache.removeAll { _ in true }
    #expect(cache.counters.byteCount == 0 && cache.counters.entryCount == 0)
  }

  @Test(arguments: [true, false]) func queriesAreAskedOnce(isEnabled: Bool) throws {
    var samples = IndexSamples(seed: 1)
    let bytes = try samples.build(
      samples.rows(.string, count: 100), .string, IndexOptions(parser: .english))
    let cache = IndexCache(isEnabled: isEnabled)
    let key = IndexCache.Key(path: "index")
    var opened = 0
    var work = IndexWork()
    var results: [RowSet] = []
    for _ in 0..<3 {
      let reader = try cache.reader(key) {
        opened += 1
        return try open(bytes)
      }
      results.append(
        try cache.rows(matching: .matchAny("quick"), in: reader, key, work: &work))
    }
    #expect(results[0] == results[1] && results[1] == results[2] && !results[0].isEmpty)
    #expect(opened == (isEnabled ? 1 : 3))
    #expect(work.dictionaryBlocks == (isEnabled ? 1 : 3))
    #expect(cache.resultCounters.hits == (isEnabled ? 2 : 0))
    cache.remove(path: "index")
    #expect(cache.resultCounters.byteCount == 0 && cache.readerCounters.entryCount == 0)
  }

  /// Strings of Swift are equal if canonically equivalent; their terms are not.
  @Test func equivalentTextsAreDifferentQueries() throws {
    var samples = IndexSamples(seed: 1)
    let rows = ["caf\u{E9}", "cafe\u{301}"].map { Value.string($0) }
    let reader = try open(try samples.build(rows, .string, IndexOptions()))
    let cache = IndexCache()
    var work = IndexWork()
    for (row, value) in rows.enumerated() {
      let found = try cache.rows(
        matching: .equals(value), in: reader, IndexCache.Key(path: "index"), work: &work)
      #expect(found.rows == [UInt32(row)])
    }
  }

  @Test func noBytesKeepNothing() {
    let cache = ByteLimitedCache<Int, Int>(byteCountMax: 0)
    for _ in 0..<3 { _ = cache.value(for: 1, byteCount: { _ in 0 }, make: { 1 }) }
    #expect(cache.counters.misses == 3 && cache.counters.entryCount == 0)
  }
}

import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Pages that are kept are the pages that are read, and what is kept is what is asked for again.
@Suite struct ColumnPageCacheTests {
  private static let rowsPerPage = 100

  private static func reader(
    _ cache: ColumnPageCache?, seed: UInt64 = 5, pages: Int = 7
  ) throws -> SegmentReader {
    var generator = SeededGenerator(seed: seed)
    let types: [DataType] = [.int64, .string, .int32, .double, .decimal(precision: 20, scale: 3)]
    let schema = try Schema(
      types.enumerated().map { ("c\($0)", $1, $0 > 0) }, sortKeyCount: 1)
    let count = Self.rowsPerPage * pages - 13
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: schema, options: SegmentOptions(rowsPerPage: Self.rowsPerPage), sink: sink)
    for column in schema.columns {
      let values = sampleValues(
        column.type, .random, count: count, nullable: column.isNullable, &generator)
      try writer.writeColumn(vector(column.type, values))
    }
    _ = try writer.finish()
    return try SegmentReader(
      file: MemoryFile(path: "cached.seg", bytes: sink.bytes), pageCache: cache)
  }

  /// Random reads of two segments, whole pages and some rows of them, with room for a few pages:
  /// always what a reader without a cache gives.
  @Test(arguments: [0, 3000, 20_000, 1 << 20]) func pagesAreThoseOfTheFile(byteCount: Int) throws {
    let cache = ColumnPageCache(byteCountMax: byteCount)
    let cached = try [Self.reader(cache), Self.reader(cache, seed: 9)]
    let plain = try [Self.reader(nil), Self.reader(nil, seed: 9)]
    var random = SeededGenerator(seed: 4)
    for _ in 0..<1500 {
      let segment = Int(random.next() % 2)
      let column = Int(random.next() % 5)
      let page = Int(random.next() % 7)
      let count = plain[segment].rowRange(ofPage: page).count
      var (work, other) = (PageWork(), PageWork())
      let rowsWanted = (0..<Int(random.next() % 9)).map { _ in
        UInt32(random.next() % UInt64(count))
      }
      if random.next() % 2 == 0 {
        let found = try cached[segment].queriedPage(column: column, page: page, work: &work)
        let expected = try plain[segment].readPage(
          column: column, page: page, work: &other)
        #expect(isSame(rows(of: found), rows(of: expected)))
      } else {
        let found = try cached[segment].queriedPage(
          column: column, page: page, rows: rowsWanted, work: &work)
        let expected = try plain[segment].readPage(
          column: column, page: page, rows: rowsWanted, work: &other)
        #expect(isSame(rows(of: found), rows(of: expected)))
      }
      #expect(work.pages == 1)
      #expect(cache.counters.byteCount <= byteCount)
    }
    let counters = cache.counters
    #expect(counters.hits + counters.misses == (byteCount == 0 ? 0 : 1500))
    // With room for all of them each page is missed twice: by the first and by the second.
    if byteCount == 1 << 20 { #expect(counters.misses == 2 * 2 * 5 * 7) }
    if byteCount == 3000 { #expect(counters.hits > 0 && counters.evictions > 100) }
  }

  /// A scan that reads everything once keeps nothing and drives nothing out.
  @Test func whatIsReadOnceIsNotKept() throws {
    let cache = ColumnPageCache(byteCountMax: 6000)
    let hot = try Self.reader(cache)
    var work = PageWork()
    for _ in 0..<3 { _ = try hot.queriedPage(column: 0, page: 1, work: &work) }
    let kept = cache.counters
    #expect(kept.hits == 1 && kept.entryCount == 1)
    let large = try Self.reader(cache, seed: 2, pages: 60)
    for page in 0..<60 { _ = try large.queriedPage(column: 0, page: page, work: &work) }
    // Two bits of a filter may be taken for those of another page.
    #expect(cache.counters.entryCount <= 2)
    _ = try hot.queriedPage(column: 0, page: 1, work: &work)
    #expect(cache.counters.hits >= 2)
    #expect(cache.keys(ofSegments: [hot.identity]).map(\.page) == [1])
  }

  /// A page that was put there is found by the first who asks, and costs no bytes of the file.
  @Test func warmedPagesAreFound() throws {
    let cache = ColumnPageCache(byteCountMax: 1 << 20)
    let reader = try Self.reader(cache)
    #expect(try reader.warmPage(column: 2, page: 3) > 0)
    var work = PageWork()
    _ = try reader.queriedPage(column: 2, page: 3, work: &work)
    #expect(cache.counters.hits == 1 && cache.counters.misses == 0)
    #expect(work.bytesStored == 0 && work.bytesDecoded == 0)
    #expect(try Self.reader(nil).warmPage(column: 2, page: 3) == 0)
  }
}

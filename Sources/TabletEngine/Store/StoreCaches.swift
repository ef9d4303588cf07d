import InvertedIndex
import SegmentFormat

/// What a store keeps of its segments for the next readers. Segments never change, so nothing of
/// it grows old, whatever snapshot asks. Thread-safe.
struct StoreCaches: Sendable {
  let indexes: IndexCache
  let rows: RowPageCache
  let pages: ColumnPageCache

  init(indexes: IndexCache, rows: RowPageCache, pages: ColumnPageCache) {
    self.indexes = indexes
    self.rows = rows
    self.pages = pages
  }

  init(_ options: StoreOptions) {
    self.init(
      indexes: IndexCache(
        readerByteCountMax: options.indexReaderCacheByteCountMax,
        resultByteCountMax: options.indexResultCacheByteCountMax),
      rows: RowPageCache(byteCountMax: options.rowCacheByteCountMax),
      pages: ColumnPageCache(byteCountMax: options.pageCacheByteCountMax))
  }

  /// Of a store whose pages are read once.
  static var none: StoreCaches {
    StoreCaches(
      indexes: IndexCache(readerByteCountMax: 0, resultByteCountMax: 0),
      rows: RowPageCache(byteCountMax: 0), pages: ColumnPageCache(byteCountMax: 0))
  }
}

/// How a cache of a store stands.
public struct CacheCounters: Hashable, Sendable {
  public let name: String
  public let hits: Int
  public let misses: Int
  /// What it holds.
  public let byteCount: Int
  /// What it may hold; 0 when it is switched off.
  public let byteCountMax: Int
}

extension Store {
  /// The caches of the store: decoded pages, pages of row stores, opened inverted indexes, and rows
  /// that these have found.
  public var cacheCounters: [CacheCounters] {
    let (pages, rows, readers) = (
      pageCache.counters, rowCache.counters, indexCache.readerCounters
    )
    return [
      CacheCounters(
        name: "page", hits: pages.hits, misses: pages.misses, byteCount: pages.byteCount,
        byteCountMax: options.pageCacheByteCountMax),
      CacheCounters(
        name: "row", hits: rows.hits, misses: rows.misses, byteCount: rows.byteCount,
        byteCountMax: options.rowCacheByteCountMax),
      CacheCounters(
        name: "index", hits: readers.hits, misses: readers.misses, byteCount: readers.byteCount,
        byteCountMax: options.indexReaderCacheByteCountMax),
      CacheCounters(
        name: "index_result", hits: indexCache.resultHits, misses: indexCache.resultMisses,
        byteCount: indexCache.resultByteCount,
        byteCountMax: options.indexResultCacheByteCountMax),
    ]
  }
}

import InvertedIndex
import SegmentFormat
import StorageBase

/// What a store keeps of its segments for the next readers. Segments never change, so nothing of
/// it grows old, whatever snapshot asks. Thread-safe.
struct StoreCaches: Sendable {
  let segments: SegmentCache
  let pages: ColumnPageCache
  let rows: RowPageCache
  let indexes: IndexCache

  init(_ options: StoreOptions) {
    segments = SegmentCache(byteCountMax: options.segmentCacheByteCountMax)
    pages = ColumnPageCache(byteCountMax: options.pageCacheByteCountMax)
    rows = RowPageCache(byteCountMax: options.rowCacheByteCountMax)
    indexes = IndexCache(
      readerByteCountMax: options.indexReaderCacheByteCountMax,
      resultByteCountMax: options.indexResultCacheByteCountMax)
  }

  /// Of a store whose pages are read once: only segments stay opened.
  static var forOnePass: StoreCaches {
    var options = StoreOptions(indexReaderCacheByteCountMax: 0, indexResultCacheByteCountMax: 0)
    options.pageCacheByteCountMax = 0
    options.rowCacheByteCountMax = 0
    return StoreCaches(options)
  }
}

/// How a cache of a store stands.
public struct CacheCounters: Hashable, Sendable {
  public let name: String
  /// How often something was asked for that was there, and that was not.
  public let hits: Int
  public let misses: Int
  /// What was let go of for want of room.
  public let evictions: Int
  /// What it holds.
  public let byteCount: Int
  /// What it may hold; 0 when it is switched off.
  public let byteCountMax: Int

  fileprivate init(_ name: String, _ counts: CacheCounts, of byteCountMax: Int) {
    self.name = name
    hits = counts.hits
    misses = counts.misses
    evictions = counts.evictions
    byteCount = counts.byteCount
    self.byteCountMax = byteCountMax
  }
}

extension Store {
  /// The caches of the store: opened segments, decoded pages, pages of row stores, opened inverted
  /// indexes, and rows that these have found.
  public var cacheCounters: [CacheCounters] {
    [
      CacheCounters(
        "segment", caches.segments.counters, of: options.segmentCacheByteCountMax),
      CacheCounters("page", caches.pages.counters, of: options.pageCacheByteCountMax),
      CacheCounters("row", caches.rows.counters, of: options.rowCacheByteCountMax),
      CacheCounters(
        "index", caches.indexes.readerCounters, of: options.indexReaderCacheByteCountMax),
      CacheCounters(
        "index_result", caches.indexes.resultCounters,
        of: options.indexResultCacheByteCountMax),
    ]
  }
}

import InvertedIndex
import SegmentFormat
import StorageBase

/// What a store keeps in memory of its segments for the next readers and loads. Segments never
/// change, so nothing of it grows old, whatever snapshot asks; and key indexes, which do change,
/// know for which versions they hold. All of it can be read again. Thread-safe.
struct StoreCaches: Sendable {
  let segments: SegmentCache
  let pages: ColumnPageCache
  let rows: RowPageCache
  let indexes: IndexCache
  let keyIndexes: KeyIndexCache

  init(_ options: StoreOptions) {
    segments = SegmentCache(byteCountMax: options.segmentCacheByteCountMax)
    pages = ColumnPageCache(byteCountMax: options.pageCacheByteCountMax)
    rows = RowPageCache(byteCountMax: options.rowCacheByteCountMax)
    indexes = IndexCache(
      readerByteCountMax: options.indexReaderCacheByteCountMax,
      resultByteCountMax: options.indexResultCacheByteCountMax)
    keyIndexes = KeyIndexCache(byteCountMax: options.keyIndexCacheByteCountMax)
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
  /// indexes, rows that these have found, and hash key indexes.
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
      CacheCounters(
        "key_index", caches.keyIndexes.counters.counts, of: options.keyIndexCacheByteCountMax),
    ]
  }

  /// Rows whose keys have been read to build hash key indexes, each as often as that was.
  public var keyIndexRowsRead: Int { caches.keyIndexes.counters.rowsRead }
}

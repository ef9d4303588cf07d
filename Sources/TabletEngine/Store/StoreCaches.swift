import InvertedIndex
import SegmentFormat

/// What a store keeps of its segments for the next readers. Segments never change, so nothing of
/// it grows old, whatever snapshot asks. Thread-safe.
struct StoreCaches: Sendable {
  let indexes: IndexCache
  let rows: RowPageCache

  init(indexes: IndexCache, rows: RowPageCache) {
    self.indexes = indexes
    self.rows = rows
  }

  init(_ options: StoreOptions) {
    self.init(
      indexes: IndexCache(
        readerByteCountMax: options.indexReaderCacheByteCountMax,
        resultByteCountMax: options.indexResultCacheByteCountMax),
      rows: RowPageCache(byteCountMax: options.rowCacheByteCountMax))
  }

  /// Of a store whose pages are read once.
  static var none: StoreCaches {
    StoreCaches(
      indexes: IndexCache(readerByteCountMax: 0, resultByteCountMax: 0),
      rows: RowPageCache(byteCountMax: 0))
  }
}

import StorageBase
import TabletModel

/// Settings of an open store. They belong to the process, not to the files.
public struct StoreOptions: Hashable, Sendable {
  /// Rowsets whose encoded bytes are at most this many lie inline in the log; 0 gives every load
  /// its own file, as Apache Doris does.
  public var inlineRowsetByteCountMax: Int
  /// Versions of a tablet before loads are refused.
  public var tabletVersionCountMax: Int
  /// What is done about loads while versions pile up, and at that limit.
  public var backPressure: BackPressure
  /// A new log file is begun and a checkpoint made after this many bytes of log, by whoever
  /// maintains the store; after twice as many by one of those who load.
  public var logFileByteCountMax: Int
  /// Seconds a replaced rowset is kept for readers of older versions.
  public var staleGraceSeconds: Double
  /// Rows after which a load or a merge begins another segment.
  public var segmentRowCountMax: Int
  /// Bytes of rows of a load that are held in memory before segments are written.
  public var loadBufferByteCountMax = 64 << 20
  /// Bytes of the keys and sequences of one deletion by condition, which are held in memory until
  /// it is committed; with what belongs to them about three times as many, or 29 bytes for a row
  /// whose key has 8.
  public var deletionByteCountMax = 256 << 20
  /// When a load joins segments it has written; nil for never.
  public var segmentCompaction: SegmentCompactionRules? = SegmentCompactionRules()
  /// A compaction whose inputs are in key order as they are takes their segments over instead of
  /// rewriting them if none has fewer bytes (`ordered_data_compaction_min_segment_size` of Apache
  /// Doris); `Int.max` rewrites always.
  public var linkedSegmentByteCountMin = 10 << 20
  /// Bytes of opened inverted indexes that are kept for the next queries; 0 keeps none.
  public var indexReaderCacheByteCountMax: Int
  /// Bytes of row sets, the answers of inverted indexes, that are kept; 0 keeps none.
  public var indexResultCacheByteCountMax: Int

  /// Bytes of pages of row stores that are kept for the next rows looked up, of those that are not
  /// read in place; 0 keeps none.
  public var rowCacheByteCountMax = 64 << 20
  /// Bytes of decoded pages of columns that are kept for the next queries; 0 keeps none
  /// (`storage_page_cache_limit` of Apache Doris).
  public var pageCacheByteCountMax = 64 << 20
  /// Bytes of memory of segments that are kept opened: their footers, directories, dictionaries and
  /// filters, which are 0.1 to 1 MB of a segment of a million rows whose columns have all been read
  /// (`segment_cache_memory_percentage` of Apache Doris). 0 keeps none: each use opens a segment.
  /// The number of open files falls with it.
  public var segmentCacheByteCountMax = 512 << 20
  /// Bytes of memory of the hash key indexes of all tablets: 14 to 35 for a key. 0 drops an index
  /// when the load that has built it is committed. Without a limit unless told, as in other stores
  /// with an index in memory: a load whose index was dropped reads the keys of its whole tablet
  /// before it is committed, so whoever sets one should know that the tablets in use fit under it,
  /// or use the `sorted` index.
  public var keyIndexCacheByteCountMax = Int.max
  /// Whether a compaction reads the pages of its output that take the place of pages in the cache
  /// before it is swapped in, so that queries do not all wait for the disk then.
  public var warmsCompactedPages = true

  /// Bytes of zeros that a log file runs ahead of its commits, at most, so that a sync has nothing
  /// to write but what was committed; 0 for none.
  public var logReservedByteCountMax = 1 << 20

  /// How long the rows of a load may take to arrive before it is aborted
  /// (`stream_load_default_timeout_second` of Apache Doris).
  public var prepareTimeoutSeconds = 259_200.0
  /// How long a pre-committed load waits for its decision before it is aborted. Apache Doris waits
  /// an hour; a day lets a stream processor be down overnight.
  public var precommitTimeoutSeconds = 86_400.0
  /// How long labels of ended loads are known (`streaming_label_keep_max_second` of Apache Doris).
  public var labelRetention = TransactionBook.Retention(seconds: 43_200, countMax: 100_000)

  /// How long rows of group loads wait for company (`group_commit_interval_ms` of Apache Doris).
  public var groupLoadSeconds = 10.0
  /// Bytes of rows of group loads, in memory, that become a version without waiting longer
  /// (`group_commit_data_bytes` of Apache Doris).
  public var groupLoadByteCount = 64 << 20

  public init(
    inlineRowsetByteCountMax: Int = Limits.inlineRowsetByteCountMax,
    tabletVersionCountMax: Int = Limits.tabletVersionCountMax,
    backPressure: BackPressure = .smooth(SmoothSlowing()),
    logFileByteCountMax: Int = 64 << 20, staleGraceSeconds: Double = 60,
    segmentRowCountMax: Int = 1 << 20, indexReaderCacheByteCountMax: Int = 64 << 20,
    indexResultCacheByteCountMax: Int = 64 << 20
  ) {
    self.inlineRowsetByteCountMax = inlineRowsetByteCountMax
    self.tabletVersionCountMax = tabletVersionCountMax
    self.backPressure = backPressure
    self.logFileByteCountMax = logFileByteCountMax
    self.staleGraceSeconds = staleGraceSeconds
    self.segmentRowCountMax = segmentRowCountMax
    self.indexReaderCacheByteCountMax = indexReaderCacheByteCountMax
    self.indexResultCacheByteCountMax = indexResultCacheByteCountMax
  }
}

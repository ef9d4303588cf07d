import StorageBase

/// What queries keep for the next ones, as the inverted-index searcher cache and query cache of
/// Apache Doris: opened indexes, and the rows that queries matched. Thread-safe.
public final class IndexCache: Sendable {
  /// Names an index for good: a file, whose name is never used again, and where the index begins.
  public struct Key: Hashable, Sendable {
    public var path: String
    public var offset: UInt64

    public init(path: String, offset: UInt64 = 0) {
      self.path = path
      self.offset = offset
    }
  }

  struct QueryKey: Hashable {
    let index: Key
    let fingerprint: [UInt8]
  }

  /// Whether anything is kept; without it every call opens and asks.
  public let isEnabled: Bool
  private let readers: ByteLimitedCache<Key, InvertedIndexReader>
  private let results: ByteLimitedCache<QueryKey, RowSet>
  /// What an entry takes besides the footer or the rows.
  private static let entryByteCount = 256

  /// - Parameters:
  ///   - readerByteCountMax: bytes of opened indexes; 0 keeps none. They hold their files open.
  ///   - resultByteCountMax: bytes of row sets; 0 keeps none.
  public init(
    readerByteCountMax: Int = 64 << 20, resultByteCountMax: Int = 64 << 20, isEnabled: Bool = true
  ) {
    self.isEnabled = isEnabled
    readers = ByteLimitedCache(byteCountMax: readerByteCountMax)
    results = ByteLimitedCache(byteCountMax: resultByteCountMax)
  }

  /// Of opened indexes.
  public var readerCounters: CacheCounts { readers.counters }
  /// Of row sets.
  public var resultCounters: CacheCounts { results.counters }

  /// The opened index, by `open` if it is not kept.
  public func reader(
    _ key: Key, open: () throws -> InvertedIndexReader
  ) rethrows -> InvertedIndexReader {
    guard isEnabled else { return try open() }
    return try readers.value(
      for: key, byteCount: { $0.memoryByteCount + Self.entryByteCount }, make: open)
  }

  /// The rows of a query, as `InvertedIndexReader.rows(matching:work:)`.
  /// - Parameter key: that of `reader`.
  public func rows(
    matching query: IndexQuery, in reader: InvertedIndexReader, _ key: Key, work: inout IndexWork
  ) throws -> RowSet {
    guard isEnabled else { return try reader.rows(matching: query, work: &work) }
    return try results.value(
      for: QueryKey(index: key, fingerprint: query.fingerprint),
      byteCount: { $0.byteCount + Self.entryByteCount },
      make: { try reader.rows(matching: query, work: &work) })
  }

  /// Forgets the indexes of a file, such as one that compaction removed.
  public func remove(path: String) {
    readers.removeAll { $0.path == path }
    results.removeAll { $0.index.path == path }
  }
}

import ScanKernels
import StorageBase

/// Pages of row stores that were read or decompressed, for the next rows of them: the row cache of
/// those that no mapping serves. The one used longest ago goes first. Thread-safe; one for all
/// segments of a store.
public final class RowPageCache: Sendable {
  struct Key: Hashable, Sendable {
    let store: UInt64
    let page: Int
  }

  private let pages: ByteLimitedCache<Key, AlignedBuffer>
  /// What an entry takes besides its bytes.
  private static let entryByteCount = 192

  /// - Parameter byteCountMax: bytes of pages to keep; 0 keeps none.
  public init(byteCountMax: Int = 64 << 20) {
    pages = ByteLimitedCache(byteCountMax: byteCountMax)
  }

  public var counters: CacheCounts { pages.counters }

  func page(_ key: Key, make: () throws -> AlignedBuffer) rethrows -> AlignedBuffer {
    try pages.value(for: key, byteCount: { $0.byteCount + Self.entryByteCount }, make: make)
  }
}

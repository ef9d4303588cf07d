import ScanKernels
import StorageBase
import Synchronization

/// Decoded pages of columns, for the next queries: the page cache of Apache Doris. The one used
/// longest ago goes first. Thread-safe; one for all segments of a store.
///
/// A page is kept when it is asked for the second time, as far as a small filter remembers the
/// first: what a scan of everything reads once does not drive out what is read again and again
/// (the doorkeeper of TinyLFU: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache
/// Admission Policy", ACM TOS 2017). A page never changes, so nothing that is kept is ever wrong.
public final class ColumnPageCache: Sendable {
  /// A page of a column of an opened segment.
  public struct Key: Hashable, Sendable {
    /// `SegmentReader.identity`.
    public let segment: UInt64
    public let column: Int
    public let page: Int
  }

  private let pages: ByteLimitedCache<Key, ColumnVector>
  private let doorkeeper = Mutex(Doorkeeper())
  /// What an entry takes besides its bytes.
  private static let entryByteCount = 256

  /// - Parameter byteCountMax: bytes of decoded pages to keep; 0 keeps none.
  public init(byteCountMax: Int = 64 << 20) {
    pages = ByteLimitedCache(byteCountMax: byteCountMax)
  }

  public var byteCountMax: Int { pages.byteCountMax }
  public var counters: CacheCounts { pages.counters }
  var isEnabled: Bool { pages.byteCountMax > 0 }

  /// The pages that are kept of some segments.
  public func keys(ofSegments segments: Set<UInt64>) -> [Key] {
    pages.keys { segments.contains($0.segment) }
  }

  /// The page if it is kept.
  func page(_ key: Key) -> ColumnVector? { pages.value(for: key) }

  /// Whether a page that was not found is to be kept, once it has been decoded whole.
  func admits(_ key: Key) -> Bool { doorkeeper.withLock { $0.remembers(key) } }

  func keep(_ vector: ColumnVector, as key: Key) {
    pages.insert(vector, for: key, byteCount: vector.byteCount + Self.entryByteCount)
  }
}

/// Remembers about which pages have been asked for lately: a Bloom filter of two bits a page that
/// is emptied when it has seen as many as it can tell apart.
private struct Doorkeeper: Sendable {
  private static let bitCount = 1 << 18
  private static let seenCountMax = bitCount / 8
  private var words = [UInt64](repeating: 0, count: bitCount / 64)
  private var seenCount = 0

  /// Whether the page has been asked for before; it has been from now on.
  mutating func remembers(_ key: ColumnPageCache.Key) -> Bool {
    let hash = mixBits(
      mixBits(key.segment) ^ UInt64(key.column) << 40 ^ UInt64(truncatingIfNeeded: key.page))
    var isKnown = true
    for bit in [Int(hash & 0x3_FFFF), Int(hash >> 32 & 0x3_FFFF)] {
      let mask = UInt64(1) << UInt64(bit & 63)
      isKnown = isKnown && words[bit >> 6] & mask != 0
      words[bit >> 6] |= mask
    }
    if isKnown { return true }
    seenCount += 1
    if seenCount > Self.seenCountMax {
      words = [UInt64](repeating: 0, count: Self.bitCount / 64)
      seenCount = 0
    }
    return false
  }
}

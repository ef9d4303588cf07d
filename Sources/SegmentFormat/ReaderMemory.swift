import StorageBase
import Synchronization

/// Counts the bytes that the reader of a segment holds in memory, which grow as parts of the
/// segment are loaded. Estimates: what is allocated besides elements of arrays is left out, and so
/// are mapped pages of the file. Thread-safe.
final class ReaderMemory: Sendable {
  private let count: Atomic<Int>
  private let onGrowth: (@Sendable () -> Void)?

  init(_ footer: SegmentFooter, onGrowth: (@Sendable () -> Void)?) {
    self.onGrowth = onGrowth
    let columns = zip(footer.schema.columns, footer.columns).reduce(0) { sum, column in
      sum + MemoryLayout<Column>.stride + column.0.name.utf8.count
        + MemoryLayout<SegmentFooter.ColumnEntry>.stride + column.1.zoneMap.stringByteCount
    }
    let verifiedPages = footer.pageCount * footer.columns.count / 8
    count = Atomic(Self.readerByteCount + columns + verifiedPages)
  }

  /// An opened file and the objects around it.
  private static let readerByteCount = 2048

  var byteCount: Int { count.load(ordering: .relaxed) }

  func add(_ byteCount: Int) {
    count.add(byteCount, ordering: .relaxed)
    onGrowth?()
  }
}

extension SegmentReader {
  private static let lastIdentity = Atomic<UInt64>(0)

  /// A name in caches, never used again: what they keep of a segment that is gone grows old.
  public static func newIdentity() -> UInt64 {
    lastIdentity.add(1, ordering: .relaxed).newValue
  }

  /// About how many bytes of memory the reader holds by now: the footer, and what was loaded since
  /// of directories, dictionaries, filters, indexes of keys, and the directory of the row store.
  /// O(1).
  public var memoryByteCount: Int { memory.byteCount }
}

extension ColumnDirectory {
  var memoryByteCount: Int {
    pages.reduce(0) { $0 + MemoryLayout<Page>.stride + $1.zoneMap.stringByteCount }
  }
}

extension ShortKeyIndex {
  /// Each key is an array of its own.
  var memoryByteCount: Int { keys.reduce(0) { $0 + 40 + $1.count } }
}

extension PrimaryKeyRoot {
  var memoryByteCount: Int {
    pages.count * (MemoryLayout<Page>.stride + MemoryLayout<UInt64>.stride)
      + separators.offsets.byteCount + separators.bytes.byteCount + greatestKey.count
  }
}

extension RowStoreReader {
  /// Of its directory.
  var memoryByteCount: Int {
    let perPage = 4 + 8 + 4 + 1 + 4
    return directory.pageCount * perPage + directory.pageCount / 8
  }
}

extension ZoneMap {
  /// Of bounds that are texts longer than those that need no memory of their own.
  fileprivate var stringByteCount: Int {
    [min, max].reduce(0) { sum, bound in
      guard case .string(let text) = bound, text.utf8.count > 15 else { return sum }
      return sum + 32 + text.utf8.count
    }
  }
}

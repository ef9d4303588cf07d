import StorageBase
import Synchronization

/// One bit per page of a segment, set once its checksum was found right. Thread-safe: two readers
/// of a page at once may both check it, which does no harm.
final class VerifiedPages: @unchecked Sendable {
  private let words: UnsafeMutableBufferPointer<Atomic<UInt64>>

  init(pageCount: Int) {
    words = .allocate(capacity: pageCount.ceilingDivision(by: 64))
    for index in words.indices { words.initializeElement(at: index, to: Atomic(0)) }
  }

  deinit {
    words.deinitialize()
    words.deallocate()
  }

  func contains(_ page: Int) -> Bool {
    words[page >> 6].load(ordering: .relaxed) >> UInt64(page & 63) & 1 != 0
  }

  func insert(_ page: Int) {
    words[page >> 6].bitwiseOr(1 << UInt64(page & 63), ordering: .relaxed)
  }
}

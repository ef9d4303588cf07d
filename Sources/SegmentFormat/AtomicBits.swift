import Synchronization

/// A set of small integers that any thread may add to. A bit seen late costs a repeated check,
/// never a missed one.
final class AtomicBits: @unchecked Sendable {
  private let words: UnsafeMutableBufferPointer<Atomic<UInt64>>

  init(count: Int) {
    words = .allocate(capacity: (count + 63) / 64)
    for index in words.indices { words.initializeElement(at: index, to: Atomic(0)) }
  }

  deinit { words.deinitialize().deallocate() }

  func contains(_ index: Int) -> Bool {
    words[index >> 6].load(ordering: .relaxed) >> UInt64(index & 63) & 1 != 0
  }

  func insert(_ index: Int) {
    words[index >> 6].bitwiseOr(1 << UInt64(index & 63), ordering: .relaxed)
  }
}

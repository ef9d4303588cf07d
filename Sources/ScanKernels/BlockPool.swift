import Synchronization

/// Memory blocks kept for the next buffer of about their size. A scan frees and asks for the same
/// few sizes for every page; giving them back to the system in between costs more, in page faults
/// and zeroing, than decoding the page. Thread-safe.
///
/// It never waits: whoever finds the shelves of a size in use asks the system. With more threads
/// than processors its holder may be without one, and all others would stand in line for what is a
/// short cut.
final class BlockPool: Sendable {
  /// Sizes from 256 bytes to 1 MiB are kept, rounded up to a power of two and the padding of a
  /// buffer, since the values of a page take just a power of two.
  private static let exponents = 8...20
  /// Threads that give and take blocks of one size at a time.
  private static let shelfCount = 2
  /// Blocks kept of each size on each shelf: at most 8 MiB of each, and 32 blocks.
  private static let byteCountMax = 8 << 20

  /// By size, those of a size next to each other.
  private nonisolated(unsafe) let shelves: UnsafeMutablePointer<BlockShelf>

  static let shared = BlockPool()

  private init() {
    let count = Self.exponents.count * Self.shelfCount
    shelves = .allocate(capacity: count)
    for index in 0..<count { (shelves + index).initialize(to: BlockShelf()) }
  }

  /// The power of two that a block for `byteCount` bytes has; nil when it is not pooled.
  private static func exponent(_ byteCount: Int) -> Int? {
    let used = byteCount - AlignedBuffer.padding
    guard used > 1 << (exponents.lowerBound - 1) else { return nil }
    let exponent = Int.bitWidth - (used - 1).leadingZeroBitCount
    return exponents.contains(exponent) ? exponent : nil
  }

  private static func capacity(_ exponent: Int) -> Int { 1 << exponent + AlignedBuffer.padding }

  private func firstShelf(_ exponent: Int) -> UnsafeMutablePointer<BlockShelf> {
    shelves + (exponent - Self.exponents.lowerBound) * Self.shelfCount
  }

  /// At least `byteCount` bytes aligned to 64, with any content.
  func take(byteCount: Int) -> UnsafeMutableRawPointer {
    guard let exponent = Self.exponent(byteCount) else {
      return .allocate(byteCount: byteCount, alignment: 64)
    }
    let first = firstShelf(exponent)
    for shelf in 0..<Self.shelfCount {
      if let block = first[shelf].take() { return block }
    }
    return .allocate(byteCount: Self.capacity(exponent), alignment: 64)
  }

  /// - Parameter byteCount: as it was taken with.
  func give(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    guard let exponent = Self.exponent(byteCount) else { return address.deallocate() }
    let countMax = min(BlockShelf.capacity, Self.byteCountMax >> exponent)
    let first = firstShelf(exponent)
    for shelf in 0..<Self.shelfCount {
      if first[shelf].give(address, countMax: countMax) { return }
    }
    address.deallocate()
  }
}

/// Blocks of one size, for one thread at a time. The last that came goes first: it is in the cache
/// of the processor.
private struct BlockShelf: ~Copyable {
  static let capacity = 32

  private struct Stack {
    var count = 0
    let blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>
  }

  private let isBusy = Atomic<Bool>(false)
  /// Whoever has set the flag may use it.
  private let stack: UnsafeMutablePointer<Stack>
  /// Neighbours would share a line of the cache.
  private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

  init() {
    stack = .allocate(capacity: 1)
    stack.initialize(to: Stack(blocks: .allocate(capacity: Self.capacity)))
  }

  private func enter() -> Bool {
    isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  private func leave() { isBusy.store(false, ordering: .releasing) }

  /// Nil when there is none, or another thread is at the shelf.
  func take() -> UnsafeMutableRawPointer? {
    guard enter() else { return nil }
    defer { leave() }
    guard stack.pointee.count > 0 else { return nil }
    stack.pointee.count -= 1
    return stack.pointee.blocks[stack.pointee.count]
  }

  /// Whether the block was taken in; not when the shelf is full, or another thread is at it.
  func give(_ block: UnsafeMutableRawPointer, countMax: Int) -> Bool {
    guard enter() else { return false }
    defer { leave() }
    guard stack.pointee.count < countMax else { return false }
    stack.pointee.blocks[stack.pointee.count] = block
    stack.pointee.count += 1
    return true
  }
}

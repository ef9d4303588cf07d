import Synchronization

/// Memory blocks kept for the next buffer of about their size. A scan frees and asks for the same
/// few sizes for every page; giving them back to the system in between costs more, in page faults
/// and zeroing, than decoding the page. Thread-safe.
///
/// It never waits: whoever finds it in use asks the system. With more threads than processors its
/// holder may be without one, and all others would stand in line for what is a short cut.
final class BlockPool: Sendable {
  private struct Block: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
  }

  /// Sizes from 256 bytes to 1 MiB are kept, rounded up to a power of two and the padding of a
  /// buffer, since the values of a page take just a power of two.
  private static let exponents = 8...20
  /// Blocks kept of each size: at most 16 MiB of each, and 64 blocks.
  private static let blockCountMax = 64
  private static let byteCountMax = 16 << 20

  private let free: Mutex<[[Block]]>

  static let shared = BlockPool()

  private init() { free = Mutex(Array(repeating: [], count: Self.exponents.count)) }

  /// The power of two that a block for `byteCount` bytes has; nil when it is not pooled.
  private static func exponent(_ byteCount: Int) -> Int? {
    let used = byteCount - AlignedBuffer.padding
    guard used > 1 << (exponents.lowerBound - 1) else { return nil }
    let exponent = Int.bitWidth - (used - 1).leadingZeroBitCount
    return exponents.contains(exponent) ? exponent : nil
  }

  private static func capacity(_ exponent: Int) -> Int { 1 << exponent + AlignedBuffer.padding }

  /// At least `byteCount` bytes aligned to 64, with any content.
  func take(byteCount: Int) -> UnsafeMutableRawPointer {
    guard let exponent = Self.exponent(byteCount) else {
      return .allocate(byteCount: byteCount, alignment: 64)
    }
    let kept = free.withLockIfAvailable { $0[exponent - Self.exponents.lowerBound].popLast() }
    return kept??.address ?? .allocate(byteCount: Self.capacity(exponent), alignment: 64)
  }

  /// - Parameter byteCount: as it was taken with.
  func give(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    guard let exponent = Self.exponent(byteCount) else { return address.deallocate() }
    let countMax = min(Self.blockCountMax, Self.byteCountMax >> exponent)
    let block = Block(address: address)
    let isKept = free.withLockIfAvailable { free in
      let index = exponent - Self.exponents.lowerBound
      guard free[index].count < countMax else { return false }
      free[index].append(block)
      return true
    }
    if isKept != true { address.deallocate() }
  }
}

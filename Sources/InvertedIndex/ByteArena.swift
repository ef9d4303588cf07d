/// Memory given out in small pieces that stay where they are and are freed together. Not
/// thread-safe.
final class ByteArena {
  private static let blockByteCount = 256 << 10

  private var blocks: [UnsafeMutableRawPointer] = []
  private var next: UnsafeMutableRawPointer
  private var free = 0
  /// Bytes taken from the allocator.
  private(set) var byteCount = 0

  init() {
    // Nothing is taken before the first piece is asked for.
    next = UnsafeMutableRawPointer(bitPattern: 8).unsafelyUnwrapped
  }

  deinit { for block in blocks { block.deallocate() } }

  /// `byteCount` bytes, unset, aligned to 8.
  @inline(__always) func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let rounded = (byteCount &+ 7) & ~7
    if rounded > free { addBlock(rounded) }
    defer {
      next += rounded
      free &-= rounded
    }
    return next
  }

  @inline(never) private func addBlock(_ least: Int) {
    free = max(least, Self.blockByteCount)
    next = .allocate(byteCount: free, alignment: 16)
    blocks.append(next)
    byteCount += free
  }
}

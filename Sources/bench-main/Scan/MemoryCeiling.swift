import CKernels
import ScanKernels
import StorageIO

/// How fast this machine reads memory with a plain loop: what no scan can beat.
struct MemoryCeiling {
  /// Far more than caches hold.
  private static let byteCount = 256 << 20

  private let buffer = AlignedBuffer(byteCount: MemoryCeiling.byteCount, zeroed: true)

  /// Bytes per second, the best of `repeatCount` runs by `threadCount` threads of `pool` together.
  func bytesPerSecond(threadCount: Int, pool: WorkerPool, repeatCount: Int) -> Double {
    let clock = MonotonicClock()
    var best = UInt64.max
    for _ in 0..<repeatCount {
      let start = clock.now()
      for thread in 0..<threadCount { pool.submit { read(part: thread, of: threadCount) } }
      pool.waitUntilIdle()
      best = min(best, clock.now() - start)
    }
    return Double(Self.byteCount) / (Double(best) / 1e9)
  }

  private func read(part: Int, of partCount: Int) {
    let words = buffer.values(as: UInt64.self)
    let size = words.count / partCount
    guard let base = words.baseAddress else { return }
    Self.sink(ck_read_words(base + part * size, size))
  }

  /// Keeps the sum from being left out.
  @inline(never)
  private static func sink(_ sum: UInt64) { precondition(sum == 0, "the buffer is zero") }
}

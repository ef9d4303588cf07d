import Glibc
import Histogram
import Synchronization

/// Collects latencies from many threads and answers with percentiles.
///
/// An HDR histogram (Tene): 3 significant digits from 1 ns to 1 h in fixed memory, so a percentile
/// is at most 0.1 % above the exact one. A longer latency counts as one hour. Thread-safe:
/// recording takes a lock of one shard, chosen by thread, and shards are created on first use.
///
/// Feed it with the time since an operation was *due*, not since it was started, or a stall hides
/// behind the operations it kept from starting (Tene's "coordinated omission").
public final class LatencyHistogram: Sendable {
  /// The longest latency told apart, in nanoseconds: one hour.
  public static let nanosecondsMax: UInt64 = 3_600_000_000_000

  private let shards: [LatencyShard]

  /// - Parameter shardCount: a power of two; about as many as threads that record at once. Each
  ///   one in use holds 130 KiB.
  public init(shardCount: Int = 8) {
    precondition(shardCount > 0 && shardCount & (shardCount - 1) == 0)
    shards = (0..<shardCount).map { _ in LatencyShard() }
  }

  /// Records one latency; about 60 ns when no other thread is in the same shard.
  public func record(nanoseconds: UInt64) {
    // Thread descriptors are pages apart, so the low bits say nothing.
    let thread = UInt64(pthread_self())
    let shard = Int(truncatingIfNeeded: (thread &* 0x9E37_79B9_7F4A_7C15) &>> 40)
    shards[shard & (shards.count - 1)].contents.withLock { $0.record(nanoseconds) }
  }

  /// Records one latency in seconds; a negative one counts as 0.
  public func record(seconds: Double) {
    let nanoseconds = seconds * 1e9
    guard nanoseconds > 0 else { return record(nanoseconds: 0) }
    record(nanoseconds: UInt64(min(nanoseconds, Double(Self.nanosecondsMax))))
  }

  /// Everything recorded so far.
  public func snapshot() -> LatencySnapshot {
    var merged = LatencySnapshot()
    for shard in shards { shard.contents.withLock { merged.merge($0) } }
    return merged
  }

  /// Everything recorded since the last call: no latency is lost or given twice.
  public func snapshotAndReset() -> LatencySnapshot {
    var merged = LatencySnapshot()
    for shard in shards {
      shard.contents.withLock { contents in
        merged.merge(contents)
        contents.removeAll()
      }
    }
    return merged
  }
}

/// A lock with its share of the latencies.
private final class LatencyShard: Sendable {
  let contents = Mutex(LatencySnapshot())
}

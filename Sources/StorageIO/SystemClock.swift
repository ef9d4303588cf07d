import Glibc
import StorageBase

/// The time of day of the operating system; it may jump when somebody sets it.
public struct SystemClock: TimeSource {
  public init() {}

  public func now() -> Timestamp {
    let time = read(CLOCK_REALTIME)
    return Timestamp(rawValue: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}

/// Nanoseconds that only go forward, for measuring how long something took. The start is
/// arbitrary (on Linux, the boot of the machine).
public struct MonotonicClock: Sendable {
  public init() {}

  public func now() -> UInt64 {
    let time = read(CLOCK_MONOTONIC)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

private func read(_ clock: clockid_t) -> timespec {
  var time = timespec()
  // Cannot fail for these clocks and a valid address.
  clock_gettime(clock, &time)
  return time
}

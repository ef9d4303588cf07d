import Glibc
import StorageBase

/// The time of day of the operating system; it may jump when somebody sets it.
public struct SystemClock: TimeSource {
  public init() {}

  public func now() -> Timestamp {
    let time = read(CLOCK_REALTIME)
    return Timestamp(rawValue: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  /// Blocks the thread; setting the time of day does not matter. At most about a year.
  public func pause(seconds: Double) {
    guard seconds > 0 else { return }
    let nanoseconds = UInt64(min(seconds, 3.2e7) * 1e9)
    var wanted = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var left = timespec()
    // A signal ends the sleep early and leaves the rest.
    while nanosleep(&wanted, &left) != 0 && errno == EINTR { wanted = left }
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

  /// The same as of the last tick of the system, some milliseconds ago at most; a quarter of the
  /// cost, for what asks again and again whether its time is over.
  public func lastTick() -> UInt64 {
    let time = read(CLOCK_MONOTONIC_COARSE)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

private func read(_ clock: clockid_t) -> timespec {
  var time = timespec()
  // Cannot fail for these clocks and a valid address.
  clock_gettime(clock, &time)
  return time
}

import Synchronization

/// Microseconds since 1970-01-01 UTC; virtual in simulations.
public struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  public let rawValue: Int64
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// Later by so many seconds, or earlier if they are negative. More than 120 000 years, infinity
  /// among them, count as that: as good as never.
  public func advanced(bySeconds seconds: Double) -> Timestamp {
    let microseconds = min(max((seconds * 1e6).rounded(), -Self.farthest), Self.farthest)
    return Timestamp(rawValue: rawValue + Int64(microseconds))
  }

  private static let farthest = 4e18

  /// Seconds from `earlier` to this; negative when this is the earlier one.
  public func seconds(since earlier: Timestamp) -> Double {
    Double(rawValue - earlier.rawValue) / 1e6
  }
}

/// Where the core gets its time from: the system's clock, or a simulation's.
public protocol TimeSource: Sendable {
  func now() -> Timestamp
  /// Lets that much time pass for the calling thread, at least.
  func pause(seconds: Double)
}

/// A clock that moves only when told, or when somebody pauses. Thread-safe.
public final class ManualClock: TimeSource {
  private let current: Mutex<Timestamp>

  public init(_ start: Timestamp = Timestamp(rawValue: 0)) { current = Mutex(start) }

  public func now() -> Timestamp { current.withLock { $0 } }

  public func advance(bySeconds seconds: Double) {
    current.withLock { $0 = $0.advanced(bySeconds: seconds) }
  }

  /// Returns at once, with the clock moved on.
  public func pause(seconds: Double) { advance(bySeconds: max(0, seconds)) }
}

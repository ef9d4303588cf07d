/// How often a cache had what it was asked for, and what it holds.
public struct CacheCounts: Hashable, Sendable {
  public var hits = 0
  public var misses = 0
  /// What was dropped for want of room.
  public var evictions = 0
  public var byteCount = 0
  public var entryCount = 0

  public init() {}
}

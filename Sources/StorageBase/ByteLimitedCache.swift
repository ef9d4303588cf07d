import Synchronization

/// Keeps the values used last, as long as their bytes fit under a limit; the one used longest ago
/// goes first. Thread-safe. A limit of zero bytes keeps nothing.
public final class ByteLimitedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// One value in a ring of array elements, ordered by use.
  @usableFromInline struct Node {
    @usableFromInline let key: Key
    @usableFromInline let value: Value
    @usableFromInline let byteCount: Int
    @usableFromInline var newer: Int
    @usableFromInline var older: Int
  }

  @usableFromInline struct State {
    @usableFromInline var places: [Key: Int] = [:]
    @usableFromInline var nodes: [Node?] = []
    @usableFromInline var free: [Int] = []
    @usableFromInline var newest = -1
    @usableFromInline var oldest = -1
    @usableFromInline var counters = CacheCounts()

    @inlinable mutating func unlink(_ place: Int) {
      guard let node = nodes[place] else { return }
      if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
      if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
    }

    @inlinable mutating func linkAsNewest(_ place: Int) {
      nodes[place]?.newer = -1
      nodes[place]?.older = newest
      if newest >= 0 { nodes[newest]?.newer = place }
      newest = place
      if oldest < 0 { oldest = place }
    }

    mutating func remove(_ place: Int) {
      unlink(place)
      guard let node = nodes[place] else { return }
      places[node.key] = nil
      counters.byteCount -= node.byteCount
      counters.entryCount -= 1
      nodes[place] = nil
      free.append(place)
    }
  }

  /// Bytes of all values together.
  public let byteCountMax: Int
  @usableFromInline let state = Mutex(State())

  public init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  public var counters: CacheCounts { state.withLock { $0.counters } }

  /// The value of a key, made if it is not there. Two callers at once may both make it; one of the
  /// two is kept.
  /// - Parameters:
  ///   - byteCount: what a value weighs; one that weighs more than the limit is not kept.
  ///   - make: called without a lock held.
  @inlinable public func value(
    for key: Key, byteCount: (Value) -> Int, make: () throws -> Value
  ) rethrows -> Value {
    if let known = self.value(for: key) { return known }
    let made = try make()
    insert(made, for: key, byteCount: byteCount(made))
    return made
  }

  /// The value of a key if it is there; it counts as used then.
  @inlinable public func value(for key: Key) -> Value? {
    state.withLock { state -> Value? in
      guard let place = state.places[key] else {
        state.counters.misses += 1
        return nil
      }
      state.counters.hits += 1
      state.unlink(place)
      state.linkAsNewest(place)
      return state.nodes[place]?.value
    }
  }

  /// The keys that fulfil a condition, in no order. Linear in the entries.
  public func keys(where condition: (Key) -> Bool) -> [Key] {
    state.withLock { $0.places.keys.filter(condition) }
  }

  /// Keeps a value, in place of the one of its key if there is one; not one that weighs more than
  /// the limit.
  public func insert(_ value: Value, for key: Key, byteCount: Int) {
    guard byteCount <= byteCountMax, byteCountMax > 0 else { return }
    state.withLock { state in
      if let place = state.places[key] { state.remove(place) }
      while state.counters.byteCount > byteCountMax - byteCount, state.oldest >= 0 {
        state.remove(state.oldest)
        state.counters.evictions += 1
      }
      let node = Node(key: key, value: value, byteCount: byteCount, newer: -1, older: -1)
      let place = state.free.popLast() ?? state.nodes.count
      if place == state.nodes.count { state.nodes.append(node) } else { state.nodes[place] = node }
      state.places[key] = place
      state.counters.byteCount += byteCount
      state.counters.entryCount += 1
      state.linkAsNewest(place)
    }
  }

  /// Drops the values whose keys fulfil a condition, such as those of a file that is gone.
  public func removeAll(where condition: (Key) -> Bool) {
    state.withLock { state in
      for (key, place) in state.places where condition(key) { state.remove(place) }
    }
  }
}

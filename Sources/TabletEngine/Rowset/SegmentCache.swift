import SegmentFormat
import StorageBase
import Synchronization

/// Keeps segments opened for the next readers, as long as what their readers hold in memory fits
/// under a limit; the ones that nobody has used for a while go first. Thread-safe; one for all
/// segments of a store.
///
/// A use touches nothing that segments share: it leaves a mark at the segment. Only when another
/// segment is opened, or a reader has grown, and the sum is beyond the limit, a hand goes round the
/// opened segments, takes the marks away, and lets go of those that have none (CLOCK: Corbato, "A
/// Paging Experiment with the Multics System", MIT 1968). Their files are closed when the last
/// users have let go of them as well. Their pages are found again in other caches when they are
/// opened again, and the checksums of those that are read from a mapping are verified again.
final class SegmentCache: Sendable {
  fileprivate struct Ring {
    var slots: [SegmentSlot] = []
    var hand = 0
    var byteCount = 0
    var evictions = 0
    /// Of segments that are not in the ring any more.
    var pastHits = 0

    /// The last one takes its place, which the hand comes to next.
    mutating func remove(at place: Int, _ state: inout SegmentSlot.State) {
      byteCount -= state.byteCount
      pastHits += state.hits
      (state.byteCount, state.hits, state.place) = (0, 0, nil)
      let last = slots.removeLast()
      guard place < slots.count else { return }
      slots[place] = last
      last.state.withLock { $0.place = place }
    }
  }

  /// Bytes of all readers together.
  let byteCountMax: Int
  private let ring = Mutex(Ring())
  private let misses = Atomic<Int>(0)

  /// - Parameter byteCountMax: 0 keeps nothing opened: each use opens the segment.
  init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  /// The segment as it is opened now, else opened by `open`.
  /// - Parameter open: is given what the reader tells when it has grown.
  func opened(
    _ slot: SegmentSlot, open: (_ onGrowth: (@Sendable () -> Void)?) throws -> SegmentReader
  ) throws -> OpenedSegment {
    let known = slot.state.withLock { state -> OpenedSegment? in
      guard let opened = state.opened else { return nil }
      state.hits &+= 1
      state.isMarked = true
      return opened
    }
    if let known { return known }
    guard byteCountMax > 0 else {
      misses.add(1, ordering: .relaxed)
      let opened = OpenedSegment(try open(nil))
      slot.state.withLock { $0.note(opened) }
      return opened
    }
    let opened = try slot.state.withLock { state -> OpenedSegment in
      // Somebody else may have been faster.
      if let opened = state.opened { return opened }
      misses.add(1, ordering: .relaxed)
      // The slot holds what holds this, until it lets go of it.
      let opened = OpenedSegment(try open { self.weigh(slot) })
      state.note(opened)
      state.opened = opened
      state.isMarked = true
      return opened
    }
    weigh(slot)
    return opened
  }

  /// Takes up what a segment weighs now, and makes room.
  private func weigh(_ slot: SegmentSlot) {
    // They are closed without a lock held.
    let closed = ring.withLock { ring -> [OpenedSegment] in
      slot.state.withLock { state in
        guard let opened = state.opened else { return }
        if state.place == nil {
          state.place = ring.slots.count
          ring.slots.append(slot)
        }
        ring.weigh(opened, &state)
      }
      return ring.makeRoom(below: byteCountMax)
    }
    withExtendedLifetime(closed) {}
  }

  /// Lets go of a segment that nobody will use any more.
  func remove(_ slot: SegmentSlot) {
    let closed = ring.withLock { ring in
      slot.state.withLock { state in
        if let place = state.place { ring.remove(at: place, &state) }
        return state.opened.take()
      }
    }
    withExtendedLifetime(closed) {}
  }

  /// Misses are segments that were opened, entries those that are. Linear in the entries.
  var counters: CacheCounts {
    ring.withLock { ring in
      var counters = CacheCounts()
      counters.hits = ring.pastHits
      counters.misses = misses.load(ordering: .relaxed)
      counters.evictions = ring.evictions
      for slot in ring.slots {
        counters.hits += slot.state.withLock { $0.hits }
      }
      counters.byteCount = ring.byteCount
      counters.entryCount = ring.slots.count
      return counters
    }
  }
}

extension SegmentCache.Ring {
  fileprivate mutating func weigh(_ opened: OpenedSegment, _ state: inout SegmentSlot.State) {
    let byteCount = opened.reader.memoryByteCount
    self.byteCount += byteCount - state.byteCount
    state.byteCount = byteCount
  }

  /// - Returns: what is to be closed.
  fileprivate mutating func makeRoom(below byteCountMax: Int) -> [OpenedSegment] {
    var closed: [OpenedSegment] = []
    // Others may leave marks as fast as they are taken away.
    var patience = 2 * slots.count
    while byteCount > byteCountMax, !slots.isEmpty {
      if hand >= slots.count { hand = 0 }
      patience -= 1
      let slot = slots[hand]
      slot.state.withLock { state in
        if state.isMarked, patience > 0 {
          state.isMarked = false
          hand += 1
        } else {
          if let opened = state.opened.take() { closed.append(opened) }
          remove(at: hand, &state)
          evictions += 1
        }
      }
    }
    return closed
  }
}

/// The place of one segment in the cache. Thread-safe.
final class SegmentSlot: Sendable {
  struct State {
    /// Nil while it is not opened.
    var opened: OpenedSegment?
    /// Whether somebody has used it since the hand came by.
    var isMarked = false
    /// Since it was opened.
    var hits = 0
    /// What it was found to weigh; 0 outside the ring.
    var byteCount = 0
    /// In the ring.
    var place: Int?
    /// Whether it has inverted indexes, which have a cache of their own; known once it was opened.
    var hasInvertedIndexes = false

    mutating func note(_ opened: OpenedSegment) {
      hasInvertedIndexes = opened.reader.hasInvertedIndexes
    }
  }

  let state = Mutex(State())
}

/// A segment that is opened, and what has been made of it. Thread-safe.
final class OpenedSegment: Sendable {
  let reader: SegmentReader
  /// How its rows are read, once somebody has.
  let rows = AtomicLazyReference<SegmentRows>()

  init(_ reader: SegmentReader) { self.reader = reader }
}

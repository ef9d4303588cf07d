import StorageBase
import Synchronization

/// Bounds the memory of the hash key indexes of a store: when they have more than the limit after
/// one was built or has grown, those of the tablets whose keys nobody has asked for longest are
/// dropped, to be built again from the key columns when a load needs them, or when look-ups have
/// cost as much. Thread-safe.
///
/// An index that publishes is held and counts, but is not dropped before what it has published is
/// settled; so the sum may be above the limit while loads are committed, and a single index that is
/// above it by itself goes when they are.
final class KeyIndexCache: Sendable {
  private struct Entry {
    weak var index: HashKeyIndex?
    let use: KeyIndexUse
    /// 0 while it is not built.
    var byteCount = 0
  }

  private struct State {
    /// By the number of the use.
    var entries: [UInt64: Entry] = [:]
    var byteCount = 0
    var evictions = 0
    /// Of indexes that are gone.
    var past = CacheCounts()
    var pastRowsRead = 0
    /// Whether somebody makes room already.
    var isTrimming = false
  }

  /// Bytes of all tables together.
  let byteCountMax: Int
  private let state = Mutex(State())
  /// Passes whenever an index has been built or has grown: coarse, so that look-ups write nothing
  /// that tablets share.
  private let clock = Atomic<UInt64>(1)
  private let lastUse = Atomic<UInt64>(0)

  /// - Parameter byteCountMax: 0 drops every index when the load that has built it is settled, and
  ///   builds none for look-ups.
  init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  func makeUse() -> KeyIndexUse {
    KeyIndexUse(number: lastUse.add(1, ordering: .relaxed).newValue)
  }

  func add(_ index: HashKeyIndex, _ use: KeyIndexUse) {
    state.withLock { $0.entries[use.number] = Entry(index: index, use: use) }
  }

  /// Forgets an index that nobody has any more.
  func remove(_ use: KeyIndexUse) {
    state.withLock { state in
      guard let entry = state.entries.removeValue(forKey: use.number) else { return }
      state.byteCount -= entry.byteCount
      use.add(to: &state.past, &state.pastRowsRead)
    }
  }

  /// The moment of a use.
  var now: UInt64 { clock.load(ordering: .relaxed) }

  /// Whether an index of this size could stay.
  func hasRoom(for byteCount: Int) -> Bool { byteCountMax > 0 && byteCount <= byteCountMax }

  /// Takes up what an index weighs now, and drops others, or itself, if that is too much. Called
  /// without a lock of an index held.
  func weigh(_ use: KeyIndexUse, byteCount: Int) {
    clock.add(1, ordering: .relaxed)
    let trims = state.withLock { state -> Bool in
      guard var entry = state.entries[use.number] else { return false }
      state.byteCount += byteCount - entry.byteCount
      entry.byteCount = byteCount
      state.entries[use.number] = entry
      guard state.byteCount > byteCountMax, !state.isTrimming else { return false }
      state.isTrimming = true
      return true
    }
    if trims { trim() }
  }

  private func trim() {
    var kept: Set<UInt64> = []
    while let (index, use) = oldest(except: kept) {
      if index.drop() { noteDropped(use) } else { kept.insert(use.number) }
    }
  }

  /// The index to drop next; nil when that is enough, or there is none.
  private func oldest(except kept: Set<UInt64>) -> (HashKeyIndex, KeyIndexUse)? {
    state.withLock { state in
      while state.byteCount > byteCountMax {
        let candidates = state.entries.values.filter {
          $0.byteCount > 0 && !kept.contains($0.use.number)
        }
        let oldest = candidates.min {
          ($0.use.lastUse.load(ordering: .relaxed), $0.use.number)
            < ($1.use.lastUse.load(ordering: .relaxed), $1.use.number)
        }
        guard let oldest else { break }
        if let index = oldest.index { return (index, oldest.use) }
        // Whoever lets go of it right now waits to say so.
        state.byteCount -= oldest.byteCount
        state.entries[oldest.use.number]?.byteCount = 0
      }
      state.isTrimming = false
      return nil
    }
  }

  private func noteDropped(_ use: KeyIndexUse) {
    state.withLock { state in
      guard var entry = state.entries[use.number] else { return }
      state.byteCount -= entry.byteCount
      entry.byteCount = 0
      state.entries[use.number] = entry
      state.evictions += 1
    }
  }

  /// Hits are loads and look-ups that found an index built, misses those that did not, entries the
  /// indexes that are built.
  var counters: (counts: CacheCounts, rowsRead: Int) {
    state.withLock { state in
      var counts = state.past
      var rowsRead = state.pastRowsRead
      for entry in state.entries.values {
        entry.use.add(to: &counts, &rowsRead)
        counts.entryCount += entry.byteCount > 0 ? 1 : 0
      }
      counts.byteCount = state.byteCount
      counts.evictions = state.evictions
      return (counts, rowsRead)
    }
  }
}

/// How one index is used. Written while its lock is held, read by all.
final class KeyIndexUse: Sendable {
  /// Never given out again.
  let number: UInt64
  /// A moment of the clock of the cache.
  let lastUse = Atomic<UInt64>(0)
  private let hits = Atomic<Int>(0)
  private let misses = Atomic<Int>(0)
  /// Rows whose keys were read to build it.
  private let rowsRead = Atomic<Int>(0)

  init(number: UInt64) { self.number = number }

  /// Somebody has asked for it.
  func note(isBuilt: Bool, at moment: UInt64) {
    if isBuilt {
      hits.store(hits.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    } else {
      misses.store(misses.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }
    lastUse.store(moment, ordering: .relaxed)
  }

  func noteBuilt(rowCount: Int) { rowsRead.add(rowCount, ordering: .relaxed) }

  fileprivate func add(to counts: inout CacheCounts, _ rowsRead: inout Int) {
    counts.hits += hits.load(ordering: .relaxed)
    counts.misses += misses.load(ordering: .relaxed)
    rowsRead += self.rowsRead.load(ordering: .relaxed)
  }
}

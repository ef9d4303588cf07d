import StorageBase
import Synchronization
import TabletModel

/// The rows of one segment that later versions have given new values of some columns, shared by all
/// snapshots that hold it. Thread-safe.
///
/// A snapshot takes the entries whose delta it has among its rowsets, and no others. So a
/// compaction may put other deltas in the place of those it merges without anybody noticing who
/// still reads the old ones; entries of deltas that nobody holds any more go with the next change.
final class PatchVector: Sendable {
  /// What one delta says of the segment.
  struct Entry: Sendable {
    /// Does not keep it.
    fileprivate(set) weak var delta: RowsetSegment?
    let id: DeltaID
    /// Of later versions the values are newer.
    let version: Version
    let pairs: PatchPairs

    init(_ delta: RowsetSegment, version: Version, _ pairs: PatchPairs) {
      self.delta = delta
      id = delta.deltaID
      self.version = version
      self.pairs = pairs
    }
  }

  private struct State: Sendable {
    /// In the order of their versions.
    var entries: [Entry] = []
    /// What the last reader saw.
    var latest: PatchedRows?

    func sources(in deltas: [DeltaID: RowsetSegment]) -> [PatchedRows.Source] {
      entries.compactMap { entry in
        deltas[entry.id].map { PatchedRows.Source(delta: $0, pairs: entry.pairs) }
      }
    }
  }

  private let state = Mutex(State())
  /// Whether there have ever been entries.
  private let isUsed = Atomic<Bool>(false)

  /// Whether nobody has given a row new values. Costs nothing.
  var isEmpty: Bool { !isUsed.load(ordering: .acquiring) }

  /// Entries of deltas that somebody holds, in the order of their versions.
  var entries: [Entry] { state.withLock { $0.entries.filter { $0.delta != nil } } }

  /// Adds what a delta says; of equal versions it counts after those that are there. Readers do not
  /// see it before they have a snapshot with the delta.
  func add(_ entry: Entry) {
    isUsed.store(true, ordering: .releasing)
    state.withLock { state in
      state.entries.removeAll { $0.delta == nil }
      let place = state.entries.lastIndex { $0.version <= entry.version }.map { $0 + 1 } ?? 0
      state.entries.insert(entry, at: place)
    }
  }

  /// Takes back what the deltas of a rowset say.
  func remove(_ rowset: RowsetID) {
    state.withLock { $0.entries.removeAll { $0.id.rowset == rowset } }
  }

  /// The values that readers see who have these deltas; nil when there are none of this segment.
  /// O(entries) beside what `PatchedRows` says.
  func rows(in deltas: [DeltaID: RowsetSegment]) -> PatchedRows? {
    state.withLock { state in
      let sources = state.sources(in: deltas)
      if sources.isEmpty { return nil }
      if let latest = state.latest, latest.isMade(of: sources) { return latest }
      let rows = PatchedRows(sources, after: state.latest)
      state.latest = rows
      return rows
    }
  }

  /// The same for somebody who reads them once, column by column, beside readers of snapshots.
  func rowsOnce(in deltas: [DeltaID: RowsetSegment]) -> PatchedRows? {
    let sources = state.withLock { $0.sources(in: deltas) }
    return sources.isEmpty ? nil : PatchedRows(sources)
  }

  /// The last version after `version` that has given a row new values; nil for none.
  func lastVersion(of row: UInt32, after version: Version) -> Version? {
    state.withLock { state in
      state.entries.last { $0.version > version && $0.pairs.position(of: row) != nil }?.version
    }
  }
}

/// Which rows of a segment have new values in which rows of a delta. Immutable.
struct PatchPairs: Hashable, Sendable {
  /// Of the segment: ascending, each once.
  let rows: [UInt32]
  /// By row, the row of the delta.
  let deltaRows: [UInt32]

  /// - Precondition: `rows` ascends and has no row twice.
  init(rows: [UInt32], deltaRows: [UInt32]) {
    precondition(rows.count == deltaRows.count)
    self.rows = rows
    self.deltaRows = deltaRows
  }

  /// Of pairs in any order.
  init(_ pairs: [(row: UInt32, deltaRow: UInt32)]) {
    let sorted = pairs.sorted { $0.row < $1.row }
    self.init(rows: sorted.map(\.row), deltaRows: sorted.map(\.deltaRow))
  }

  /// - Throws: `StorageError.corrupt` when the delta does not have all the rows.
  func check(against delta: RowsetSegment) throws {
    let rowCount = try delta.reader().rowCount
    guard let row = deltaRows.first(where: { Int($0) >= rowCount }) else { return }
    throw StorageError.corrupt(
      file: delta.path, offset: 0, what: "delta", expected: "more than \(row) rows",
      found: "\(rowCount)")
  }

  /// Where a row is among them. O(log n).
  func position(of row: UInt32) -> Int? {
    let position = rows.firstPosition(notBelow: row)
    return position < rows.count && rows[position] == row ? position : nil
  }
}

extension [UInt32] {
  /// Of an ascending array: the first position whose element is at least `element`. O(log n).
  func firstPosition(notBelow element: UInt32) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

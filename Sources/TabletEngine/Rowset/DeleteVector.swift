import ScanKernels
import StorageBase
import Synchronization
import TabletModel

/// The deletes of one segment, shared by all snapshots that hold it: each reads it at its own
/// version. Thread-safe.
///
/// The bitmap of the newest version asked for is kept and brought forward by what came since, so
/// that thousands of versions cost a reader what is new in them.
final class DeleteVector: Sendable {
  private struct State: Sendable {
    var history = DeleteHistory()
    /// What the newest reader saw.
    var latest: (version: Version, rows: DeletedRows)?

    mutating func rows(at version: Version) -> DeletedRows {
      if let latest, latest.version == version { return latest.rows }
      let isOlder = latest.map { $0.version > version } ?? false
      let rows = DeletedRows(of: history, at: version, after: isOlder ? nil : latest)
      if !isOlder { latest = (version, rows) }
      return rows
    }
  }

  private let state = Mutex(State())

  /// Everything there is, for writing down and for converting.
  var history: DeleteHistory { state.withLock { $0.history } }

  /// What versions up to one have deleted, while later ones come. It is taken a few entries at a
  /// time, so that none of these waits for long, or has to copy what somebody holds.
  func history(upTo version: Version) -> DeleteHistory {
    var known = DeleteHistory()
    while true {
      let entries = state.withLock {
        $0.history.entries(after: known.newest, upTo: version, atMost: Self.pieceEntryCount)
      }
      for entry in entries { known.add(entry.rows, version: entry.version) }
      if entries.count < Self.pieceEntryCount { return known }
    }
  }

  private static let pieceEntryCount = 256

  /// See `DeleteHistory.add`. Readers do not see it before they have a snapshot of the version.
  func add(_ rows: [UInt32], version: Version) {
    state.withLock { $0.history.add(rows, version: version) }
  }

  /// See `DeleteHistory.removeEntries`.
  func removeEntries(from version: Version) {
    state.withLock { state in
      state.history.removeEntries(from: version)
      if let latest = state.latest, latest.version >= version { state.latest = nil }
    }
  }

  /// See `DeleteHistory.trim`. Versions that come meanwhile do not wait for it.
  func trim(to version: Version) {
    let known = history(upTo: version)
    guard known.entries.count > 1 else { return }
    var trimmed = known
    trimmed.trim(to: version)
    state.withLock { $0.history.replace(known, by: trimmed) }
  }

  /// Puts another history in the place of the one there is.
  func replace(by history: DeleteHistory) {
    state.withLock { $0 = State(history: history) }
  }

  /// The rows that are deleted for a reader at `version`; nil for none. O(words of the segment)
  /// when rows were deleted since the last call, else O(1).
  func rows(at version: Version) -> DeletedRows? {
    state.withLock { state in
      guard let entry = state.history.entries.last(where: { $0.version <= version }) else {
        return nil
      }
      return state.rows(at: entry.version)
    }
  }

  /// Whether a row is deleted for a reader at `version`.
  func contains(_ row: UInt32, at version: Version) -> Bool {
    state.withLock { state in
      let entries = state.history.entries
      guard entries.count > Self.searchedEntryCountMax else {
        return entries.contains { $0.version <= version && $0.rows.contains(sorted: row) }
      }
      guard let entry = entries.last(where: { $0.version <= version }) else { return false }
      return state.rows(at: entry.version).contains(Int(row))
    }
  }

  /// With more entries the bitmap of all is made, which the next question finds.
  private static let searchedEntryCountMax = 8
}

extension DeletedRows {
  /// - Parameter known: the rows at an earlier version, to go on from.
  fileprivate init(
    of history: DeleteHistory, at version: Version,
    after known: (version: Version, rows: DeletedRows)?
  ) {
    let start = known?.version ?? Version(-1)
    let new = history.entries.filter { $0.version > start && $0.version <= version }
    let last = new.lazy.compactMap(\.rows.last).max() ?? 0
    let bitmap = Bitmap(count: max(known?.rows.bitmap.count ?? 0, Int(last) + 1))
    if let words = known?.rows.bitmap.words, let first = words.baseAddress {
      bitmap.mutableWords.baseAddress?.update(from: first, count: words.count)
    }
    for entry in new { for row in entry.rows { bitmap.set(Int(row)) } }
    self.init(bitmap, count: bitmap.setCount)
  }
}

extension [UInt32] {
  /// Whether an ascending array has an element.
  fileprivate func contains(sorted element: UInt32) -> Bool {
    var range = startIndex..<endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if self[middle] == element { return true }
      range =
        self[middle] < element
        ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return false
  }
}

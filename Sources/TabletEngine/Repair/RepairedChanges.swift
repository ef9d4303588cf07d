import StorageBase
import TabletModel

/// What versions have said of rows of damaged rowsets of one tablet by their places, said of the
/// places where these rows are now: deletes, and new values in deltas.
struct RepairedChanges: Hashable, Sendable {
  var deletes: [DeletedRowsRecord] = []
  var patches: [PatchedRowsRecord] = []

  mutating func append(_ more: RepairedChanges) {
    deletes += more.deletes
    patches += more.patches
  }
}

/// Takes over what versions have said of rows, from rowsets that are damaged to those that take
/// their places.
struct ChangeTransfer {
  private let tablet: TabletSnapshot
  /// By damaged rowset.
  private let saved: [RowsetID: SavedRowset]
  private let dropped: Set<RowsetID>

  init(_ tablet: TabletSnapshot, _ saved: [RowsetID: SavedRowset], dropped: [RowsetID]) {
    self.tablet = tablet
    self.saved = saved
    self.dropped = Set(dropped)
  }

  func changes() -> RepairedChanges {
    var deletes = DeletedRowsRecord(tablet: tablet.id)
    var patches = PatchedRowsRecord(tablet: tablet.id)
    for rowset in tablet.rowsets + tablet.stale.values.sorted(by: { $0.id < $1.id })
    where !dropped.contains(rowset.id) {
      guard let new = saved[rowset.id] else {
        for segment in rowset.segments { addPatches(of: segment, to: &patches) }
        continue
      }
      deletes.parts += self.deletes(of: rowset, in: new)
      for (ordinal, segment) in rowset.segments.enumerated() {
        addPatches(of: segment, at: new.rows[ordinal], in: new, to: &patches)
      }
    }
    return RepairedChanges(
      deletes: deletes.parts.isEmpty ? [] : [deletes],
      patches: patches.parts.isEmpty ? [] : [patches])
  }

  // MARK: Deletes

  private func deletes(of rowset: Rowset, in new: SavedRowset) -> [DeletedRowsRecord.Part] {
    var byVersion: [Version: [UInt32]] = [:]
    for (segment, rows) in zip(rowset.segments, new.rows) {
      for entry in segment.deletes.history.entries {
        byVersion[entry.version, default: []] += entry.rows.lazy
          .filter { Int($0) < rows.count }.map { rows[Int($0)] }
          .filter { $0 != RowConversion.dropped }
      }
    }
    var parts: [DeletedRowsRecord.Part] = []
    for (version, rows) in byVersion.sorted(by: { $0.key < $1.key }) {
      for (segment, own) in new.bySegment(rows.sorted()) {
        parts.append(
          DeletedRowsRecord.Part(
            rowset: new.meta.entry.id, segment: segment, version: version, rows: own))
      }
    }
    return parts
  }

  // MARK: New values

  /// Where a row of a delta is now, and whether there is anything to say of it.
  private func delta(_ id: DeltaID) -> (id: DeltaID, rows: [UInt32])? {
    guard let new = saved[id.rowset] else { return nil }
    let first = new.rows.count
    guard id.ordinal >= first, id.ordinal - first < new.deltas.count,
      let delta = new.deltas[id.ordinal - first]
    else { return (id, []) }
    return (DeltaID(rowset: new.meta.entry.id, ordinal: delta.ordinal), delta.rows)
  }

  /// The pairs of an entry whose rows of the delta are left, as they are now.
  private func moved(_ entry: PatchVector.Entry) -> (id: DeltaID, pairs: PatchPairs) {
    guard let delta = delta(entry.id) else { return (entry.id, entry.pairs) }
    var rows: [UInt32] = []
    var deltaRows: [UInt32] = []
    for (row, old) in zip(entry.pairs.rows, entry.pairs.deltaRows)
    where Int(old) < delta.rows.count && delta.rows[Int(old)] != RowConversion.dropped {
      rows.append(row)
      deltaRows.append(delta.rows[Int(old)])
    }
    return (delta.id, PatchPairs(rows: rows, deltaRows: deltaRows))
  }

  /// Of a segment that stays: what deltas of damaged rowsets have for it.
  private func addPatches(of segment: RowsetSegment, to record: inout PatchedRowsRecord) {
    for entry in segment.patches.entries where saved[entry.id.rowset] != nil {
      let (id, pairs) = moved(entry)
      guard !pairs.rows.isEmpty else { continue }
      record.parts.append(
        PatchedRowsRecord.Part(
          rowset: segment.rowset, segment: segment.ordinal, delta: id, version: entry.version,
          pairs: pairs))
    }
  }

  /// Of a segment of a damaged rowset: what all deltas have for the rows that are left.
  private func addPatches(
    of segment: RowsetSegment, at places: [UInt32], in new: SavedRowset,
    to record: inout PatchedRowsRecord
  ) {
    for entry in segment.patches.entries where !dropped.contains(entry.id.rowset) {
      let (id, pairs) = moved(entry)
      let left = zip(pairs.rows, pairs.deltaRows).compactMap { row, deltaRow in
        Int(row) < places.count && places[Int(row)] != RowConversion.dropped
          ? (row: places[Int(row)], deltaRow: deltaRow) : nil
      }
      for (ordinal, start) in new.starts.dropLast().enumerated() {
        let end = new.starts[ordinal + 1]
        let own = left.filter { Int($0.row) >= start && Int($0.row) < end }
          .map { (row: $0.row - UInt32(start), deltaRow: $0.deltaRow) }
        guard !own.isEmpty else { continue }
        record.parts.append(
          PatchedRowsRecord.Part(
            rowset: new.meta.entry.id, segment: ordinal, delta: id, version: entry.version,
            pairs: PatchPairs(own)))
      }
    }
  }
}

// MARK: What is lost

extension ChangeTransfer {
  /// Rows that readers of the newest version see, and that are not left.
  func lostRowCount(of rowset: Rowset) -> Int {
    guard let new = saved[rowset.id] else { return 0 }
    let version = tablet.version
    var lost = rowset.summary.rowCount
    for (segment, rows) in zip(rowset.segments, new.rows) {
      let deleted = segment.deletes.rows(at: version)
      lost -= deleted?.count ?? 0
      lost -= rows.enumerated().count { row, place in
        place != RowConversion.dropped && !(deleted?.contains(row) ?? false)
      }
    }
    return lost
  }

  /// Rows that readers of the newest version see with older values, since newer ones in deltas of a
  /// damaged rowset are not left.
  func outdatedRowCount(of rowset: Rowset) -> Int {
    guard let new = saved[rowset.id], !new.deltas.isEmpty else { return 0 }
    var count = 0
    for target in tablet.rowsets {
      for (ordinal, segment) in target.segments.enumerated() {
        let places = saved[target.id]?.rows[ordinal]
        count += outdatedRows(of: segment, by: rowset.id, places).count
      }
    }
    return count
  }

  /// - Parameter places: where the rows of the segment are now; nil where they were.
  private func outdatedRows(
    of segment: RowsetSegment, by rowset: RowsetID, _ places: [UInt32]?
  ) -> Set<UInt32> {
    let deleted = segment.deletes.rows(at: tablet.version)
    let entries = segment.patches.entries
    var outdated = Set<UInt32>()
    for (index, entry) in entries.enumerated() where entry.id.rowset == rowset {
      let kept = Set(moved(entry).pairs.rows)
      for row in entry.pairs.rows where !kept.contains(row) {
        let isThere = places.map { Int(row) < $0.count && $0[Int(row)] != RowConversion.dropped }
        guard isThere ?? true, !(deleted?.contains(Int(row)) ?? false),
          !isReplaced(row, entry, by: entries[(index + 1)...])
        else { continue }
        outdated.insert(row)
      }
    }
    return outdated
  }

  /// Whether later deltas that are left have all the columns of one for a row.
  private func isReplaced(
    _ row: UInt32, _ entry: PatchVector.Entry, by later: ArraySlice<PatchVector.Entry>
  ) -> Bool {
    guard var columns = columns(of: entry) else { return false }
    for other in later where moved(other).pairs.position(of: row) != nil {
      columns.subtract(self.columns(of: other) ?? [])
    }
    return columns.isEmpty
  }

  /// Key columns aside; nil where not even that can be read.
  private func columns(of entry: PatchVector.Entry) -> Set<ColumnID>? {
    guard let delta = entry.delta else { return nil }
    do {
      let schema = try delta.reader().schema
      return Set(schema.columns[schema.sortKeyCount...].lazy.map(\.id))
    } catch {
      return nil
    }
  }
}

extension SavedRowset {
  /// Where the rows of each segment begin among all of them, and the end.
  fileprivate var starts: [Int] {
    rowCounts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }

  /// Rows counted over all segments, as rows of each.
  fileprivate func bySegment(_ rows: [UInt32]) -> [(segment: Int, rows: [UInt32])] {
    let starts = starts
    return rowCounts.indices.compactMap { segment in
      let own = rows.lazy.filter { Int($0) >= starts[segment] && Int($0) < starts[segment + 1] }
        .map { $0 - UInt32(starts[segment]) }
      return own.isEmpty ? nil : (segment, Array(own))
    }
  }
}

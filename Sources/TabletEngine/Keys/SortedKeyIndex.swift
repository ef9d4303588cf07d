import ScanKernels
import SegmentFormat
import StorageBase
import TabletModel

/// The key index on disk, as Apache Doris has it: every segment keeps its keys in order beside the
/// columns, with a Bloom filter, and segments are asked from the newest to the oldest. It has no
/// memory of its own and nothing to rebuild.
///
/// A load looks at what there is while its rows are prepared; publishing it asks only the rowsets
/// that came since.
final class SortedKeyIndex: KeyIndex {
  private let keyColumns: [Column]
  private let sequenceColumn: Column?

  init(_ schema: Schema, _ options: UniqueKeyOptions) {
    keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    sequenceColumn = options.sequenceColumn.flatMap { schema.index(of: $0) }
      .map { schema.columns[$0] }
  }

  var memory: (byteCount: Int, keyCount: Int)? { nil }

  func prepare(
    keys: [ColumnVector], sequence: ColumnVector?, deleteSigns: Bitmap?,
    over tablet: TabletSnapshot?
  ) throws -> SegmentKeys {
    let probe = KeyProbe(try SortKeyBytes.encode(keys, keyColumns))
    var seen: SeenRows?
    // What a sequence decides depends on rows that are deleted, too; that waits until publishing.
    if let tablet, sequence == nil { seen = try SeenRows(probe, in: tablet) }
    return SegmentKeys(
      rowCount: probe.keys.count, probe: probe,
      sequences: sequence.map { SequenceCodes.codes(of: $0) }, seen: seen,
      deleteSigns: deleteSigns?.rowIDs() ?? [])
  }

  func hold() {}
  func open(_ tablet: TabletSnapshot) {}
  func release(isKept: Bool) {}

  func publish(
    _ keys: SegmentKeys, of segment: RowsetSegment, earlier: [RowsetSegment],
    over tablet: TabletSnapshot
  ) throws -> Displacement {
    guard let keyProbe = keys.probe else { preconditionFailure("keys that were prepared for it") }
    var probe = keyProbe
    var result = Displacement()
    let version = tablet.version.next
    let seen = keys.seen
    var newest = keys.basis.map { _ in [Version?](repeating: nil, count: keys.rowCount) }
    let visited = tablet.rowsets.reversed().map { ($0.segments, $0.summary.versions.last) }
    for (rowset, last) in [(earlier, version)] + visited {
      guard let first = rowset.first, !(seen?.rowsets.contains(first.rowset) ?? false) else {
        continue
      }
      for segment in rowset.reversed() where !probe.pending.isEmpty {
        let matches = try look(
          for: &probe, in: segment, of: tablet, keys, at: version, &result)
        for match in matches where newest?[Int(match.key)] == .some(nil) {
          newest?[Int(match.key)] =
            segment.patches.lastVersion(of: match.row, after: last) ?? last
        }
      }
    }
    let visible = Set(tablet.rowsets.map(\.id))
    for key in seen == nil ? [] : probe.pending {
      // What has been compacted since was found in the output.
      guard let row = seen?.locations[Int(key)], visible.contains(row.segment.rowset),
        !row.segment.deletes.contains(row.row, at: version)
      else { continue }
      result.displace(row)
      newest?[Int(key)] = keys.basis.map {
        row.segment.patches.lastVersion(of: row.row, after: $0.version) ?? $0.version
      }
    }
    if let newest { result.changedRowCount = keys.basis?.changedRowCount { newest[$0] } ?? 0 }
    return result
  }

  /// Finds rows of one segment, and drops the keys about which that decides.
  /// - Returns: all that were found.
  private func look(
    for probe: inout KeyProbe, in segment: RowsetSegment, of tablet: TabletSnapshot,
    _ keys: SegmentKeys, at version: Version, _ result: inout Displacement
  ) throws -> [KeyMatch] {
    var matches = try self.matches(of: probe, in: segment, of: tablet)
    let found = matches
    let isDead = { (match: KeyMatch) in segment.deletes.contains(match.row, at: version) }
    var deciding: Set<UInt32> = []
    if let sequences = keys.sequences?.values(as: UInt64.self) {
      let greater = matches.filter { sequences[Int($0.key)] < $0.sequence }
      // A dead row decides nothing itself. What it has lost against does, and is a deletion that
      // may have been merged away since.
      let deletions = try segment.reader().deletions(among: greater.filter(isDead))
      deciding = Set((greater.filter { !isDead($0) } + deletions).map(\.key))
    }
    matches.removeAll { match in
      if deciding.contains(match.key) {
        result.lost.append(match.key)
        return false
      }
      guard isDead(match) else {
        result.displace(RowLocation(segment: segment, row: match.row))
        return false
      }
      // A row that lost against an older one, or a deletion: the older one may be there. Or the
      // newer one is in a rowset that is not asked again, since it has been seen.
      return keys.sequences != nil || keys.seen != nil
    }
    probe.drop(matches)
    return found
  }

  /// The rows of a segment that have keys of a probe, with the sequences that they have by now.
  private func matches(
    of probe: KeyProbe, in segment: RowsetSegment, of tablet: TabletSnapshot
  ) throws -> [KeyMatch] {
    let reader = try segment.reader()
    var matches: [KeyMatch] = []
    var work = KeyProbeWork()
    try reader.findKeys(
      probe, sequenceColumn: sequenceColumn.flatMap { reader.schema.index(of: $0.id) },
      matches: &matches, work: &work)
    guard let sequenceColumn, !matches.isEmpty,
      let patch = try tablet.patches(of: segment)?.patch(of: sequenceColumn)
    else { return matches }
    let patched = matches.indices.filter { patch.position(of: matches[$0].row) != nil }
    let positions = patched.compactMap { patch.position(of: matches[$0].row) }
    let codes = SequenceCodes.codes(of: patch.values.gather(positions.map { UInt32($0) }))
    for (place, index) in patched.enumerated() {
      matches[index].sequence = codes.values(as: UInt64.self)[place]
    }
    return matches
  }

  func publish(_ delta: DeltaKeys, over tablet: TabletSnapshot) throws -> PatchTargets {
    guard let sequences = delta.sequences else {
      return PatchTargets(locations: try locate(delta.keys, in: tablet, opensIndex: true))
    }
    var probe = KeyProbe(try SortKeyBytes.encode(delta.keys.columns, keyColumns))
    var locations = KeyLocations(count: delta.keys.count)
    var lost = [Bool](repeating: false, count: delta.keys.count)
    let given = sequences.values(as: UInt64.self)
    for live in try tablet.liveSegments().reversed() where !probe.pending.isEmpty {
      var matches = try self.matches(of: probe, in: live.segment, of: tablet)
      matches.removeAll { live.deleted?.contains(Int($0.row)) ?? false }
      for match in matches {
        let key = Int(match.key)
        locations.set(key, RowLocation(segment: live.segment, row: match.row))
        lost[key] = given[key] < match.sequence
      }
      probe.drop(matches)
    }
    return PatchTargets(locations: locations, lost: lost)
  }

  func takeBack(_ segment: RowsetSegment, _ keys: SegmentKeys, _ exchange: RowExchange?) {}
  func takeBack(_ delta: DeltaKeys, _ exchange: RowExchange) {}
  func move(_ rows: MovedRows) -> Bool { false }
  func moveBack(_ rows: MovedRows) {}
  func confirm(_ rows: MovedRows) {}
  func follow(_ rows: MovedRows) {}
  func forget(_ rows: MovedRows) {}

  func locate(
    _ keys: SoughtKeys, in tablet: TabletSnapshot, opensIndex: Bool
  ) throws -> KeyLocations {
    var locations = KeyLocations(count: keys.count)
    try keys.search(in: tablet, into: &locations)
    return locations
  }

  func find(_ key: [Value], in tablet: TabletSnapshot) -> KeyFinding { .unknown }
}

/// What a snapshot had of some keys.
struct SeenRows: Sendable {
  /// The rowsets that were looked at.
  let rowsets: Set<RowsetID>
  /// By key.
  let locations: [RowLocation?]

  init(_ probe: KeyProbe, in tablet: TabletSnapshot) throws {
    rowsets = Set(tablet.rowsets.map(\.id))
    locations = try KeySearch(probe, in: tablet).locations
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// Looks for the rows of keys in the segments of a snapshot, from the newest to the oldest: exact
/// for that snapshot, whatever any index knows by now. A value; not thread-safe.
struct KeySearch {
  /// By key, ascending: where its row is; nil for none.
  private(set) var locations: [RowLocation?]
  private(set) var work = KeyProbeWork()

  /// - Parameter keys: ascending, as of `SortKeyBytes.encode`.
  init(_ keys: StringTable, in tablet: TabletSnapshot) throws {
    try self.init(KeyProbe(keys), in: tablet)
  }

  /// Of all keys of a probe, none of which has been found.
  init(_ keys: KeyProbe, in tablet: TabletSnapshot) throws {
    locations = [RowLocation?](repeating: nil, count: keys.keys.count)
    var probe = keys
    for live in try tablet.liveSegments().reversed() {
      if probe.pending.isEmpty { return }
      var matches: [KeyMatch] = []
      try live.segment.reader().findKeys(probe, matches: &matches, work: &work)
      // Older segments may have the live row of a key that is dead here.
      matches.removeAll { live.deleted?.contains(Int($0.row)) ?? false }
      for match in matches {
        locations[Int(match.key)] = RowLocation(segment: live.segment, row: match.row)
      }
      probe.drop(matches)
    }
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of one bucket of a partial load by key, and where the table has the rows of these keys.
/// Immutable.
struct KeyGroups {
  /// In key order, those of one key in the order they came.
  let rows: [UInt32]
  /// Where the rows of each key begin in `rows`, and the end.
  let starts: [Int]
  /// By key, what a reader of the snapshot sees; nil for nothing.
  let locations: KeyLocations
  private let keys: StringTable

  init(
    _ rows: [UInt32], keys sortKeys: SortKeys, of batch: ColumnBatch, in tablet: TabletSnapshot
  ) throws {
    var starts = [0]
    for index in rows.indices.dropFirst()
    where sortKeys.compare(Int(rows[index - 1]), sortKeys, Int(rows[index])) != 0 {
      starts.append(index)
    }
    let first = starts.map { rows[$0] }
    starts.append(rows.count)
    let columns = Array(batch.schema.columns[..<batch.schema.sortKeyCount])
    let vectors = batch.columns[..<columns.count].map { $0.gather(first) }
    self.rows = rows
    self.starts = starts
    keys = try SortKeyBytes.encode(vectors, columns)
    guard let index = tablet.keys?.index else {
      preconditionFailure("a table that merges on write")
    }
    let sought = SoughtKeys(columns: vectors.map { $0.widened() }, keyColumns: columns)
    var locations = try index.locate(sought, in: tablet)
    locations.patch(in: tablet)
    self.locations = locations
  }

  var count: Int { locations.count }

  func rows(of key: Int) -> ArraySlice<UInt32> { rows[starts[key]..<starts[key + 1]] }

  /// By key, the row that has its sequence: the one that is seen, else a deletion of the key.
  ///
  /// Rows that came too late do not count: they may be there still when the deletion that they have
  /// lost against has been merged away.
  /// - Parameter wanted: for which of the keys without a row deletions are looked for, which costs
  ///   a search in all segments that have any.
  func sequenceLocations(
    _ column: Column, in tablet: TabletSnapshot, wanted: (Int) -> Bool
  ) throws -> KeyLocations {
    var result = locations
    let unknown = (0..<count).filter { !locations.hasRow($0) && wanted($0) }
    guard !unknown.isEmpty else { return result }
    let probe = KeyProbe(keys.gather(unknown.map { UInt32($0) }))
    var greatest = [UInt64](repeating: 0, count: unknown.count)
    var work = KeyProbeWork()
    for segment in tablet.segments.reversed() {
      let reader = try segment.reader()
      guard reader.schema.index(of: DeleteSign.column.id) != nil else { continue }
      var matches: [KeyMatch] = []
      try reader.findKeys(
        probe, sequenceColumn: reader.schema.index(of: column.id), matches: &matches, work: &work)
      for match in try reader.deletions(among: matches) {
        let index = Int(match.key)
        let key = unknown[index]
        guard !result.hasRow(key) || match.sequence > greatest[index] else { continue }
        result.set(key, RowLocation(segment: segment, row: match.row))
        greatest[index] = match.sequence
      }
    }
    result.patch(in: tablet)
    return result
  }
}

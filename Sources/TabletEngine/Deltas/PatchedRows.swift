import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization

/// The new values that deltas have for rows of one segment, as one snapshot sees them. Thread-safe.
///
/// The values of a column are brought together when they are first asked for: O(n log n) in the
/// rows of the deltas that have the column, or that came since an earlier snapshot was asked for
/// it.
public final class PatchedRows: Sendable {
  /// What one delta has.
  struct Source: Sendable {
    let delta: RowsetSegment
    let pairs: PatchPairs
  }

  private struct ColumnKey: Hashable {
    let id: ColumnID
    let type: DataType
  }

  /// Of older versions first.
  private let sources: [Source]
  /// Values that are known of an earlier snapshot whose sources are the first ones of these, and
  /// those that have been asked for. Nil where no delta has the column.
  private let known: Mutex<[ColumnKey: (sourceCount: Int, patch: ColumnPatch?)]>
  /// Which columns of a table the deltas have, once somebody has asked for a row.
  private let places = Mutex<(schemaVersion: Int, columns: [(place: Int, column: Column)])?>(nil)

  init(_ sources: [Source], after earlier: PatchedRows? = nil) {
    self.sources = sources
    var inherited: [ColumnKey: (sourceCount: Int, patch: ColumnPatch?)] = [:]
    if let earlier, earlier.sources.count <= sources.count,
      earlier.isMade(of: Array(sources[..<earlier.sources.count]))
    {
      inherited = earlier.known.withLock { $0 }
    }
    known = Mutex(inherited)
  }

  func isMade(of other: [Source]) -> Bool {
    sources.count == other.count
      && zip(sources, other).allSatisfy { $0.delta === $1.delta && $0.pairs == $1.pairs }
  }

  /// The new values of a column of the table; nil when no delta has it.
  /// - Throws: what reading the deltas throws.
  func patch(of column: Column) throws -> ColumnPatch? {
    let key = ColumnKey(id: column.id, type: column.type)
    return try known.withLock { columns in
      let known = columns[key] ?? (0, nil)
      if known.sourceCount == sources.count { return known.patch }
      let patch = try self.patch(of: column, after: known.patch, sources[known.sourceCount...])
      columns[key] = (sources.count, patch)
      return patch
    }
  }

  /// As `patch(of:)`, and nothing is kept of it.
  func patchOnce(of column: Column) throws -> ColumnPatch? {
    try patch(of: column, after: nil, sources[...])
  }

  private func patch(
    of column: Column, after known: ColumnPatch?, _ new: ArraySlice<Source>
  ) throws -> ColumnPatch? {
    let own = try new.filter { try $0.delta.reader().schema.index(of: column.id) != nil }
    return own.isEmpty ? known : try ColumnPatch(known, own, column)
  }

  /// Whether a delta has the column.
  public func contains(_ column: Column) throws -> Bool {
    try sources.contains { try $0.delta.reader().schema.index(of: column.id) != nil }
  }

  /// The columns that deltas have, key columns aside.
  /// - Throws: what opening the deltas throws.
  public func columns() throws -> Set<ColumnID> {
    var columns: Set<ColumnID> = []
    for source in sources {
      let schema = try source.delta.reader().schema
      columns.formUnion(schema.columns[schema.sortKeyCount...].lazy.map(\.id))
    }
    return columns
  }

  /// The new values of one row, by the places of their columns. O(columns that deltas have · log
  /// n), once the values of these columns have been brought together.
  /// - Parameters:
  ///   - columns: of the table.
  ///   - schemaVersion: of the table; says which columns these are.
  func values(
    ofRow row: UInt32, in columns: [Column], schemaVersion: Int
  ) throws -> [Int: Value] {
    let own = try places.withLock { known in
      if let known, known.schemaVersion == schemaVersion { return known.columns }
      let ids = try self.columns()
      let own = columns.enumerated().filter { ids.contains($1.id) }
        .map { (place: $0, column: $1) }
      known = (schemaVersion, own)
      return own
    }
    var values: [Int: Value] = [:]
    for (place, column) in own {
      if let value = try patch(of: column)?.value(of: row) { values[place] = value }
    }
    return values
  }

  /// Whether a row has new values of some column.
  public func contains(row: UInt32) -> Bool {
    sources.contains { $0.pairs.position(of: row) != nil }
  }

  /// Consecutive rows of a column with the new values in their places; the same vector when there
  /// are none.
  /// - Parameters:
  ///   - vector: of the column's type in the table.
  ///   - rows: of the segment.
  public func apply(
    to vector: ColumnVector, of column: Column, rows: Range<Int>
  ) throws -> ColumnVector {
    guard let patch = try patch(of: column) else { return vector }
    return patch.applied(to: vector, rows: rows)
  }

  /// As `apply(to:of:rows:)`, of some rows in any order.
  public func apply(
    to vector: ColumnVector, of column: Column, rows: [UInt32]
  ) throws -> ColumnVector {
    guard let patch = try patch(of: column) else { return vector }
    return patch.applied(to: vector, rows: rows)
  }

  /// Whether rows of a range have new values of a column.
  public func contains(_ column: Column, rows: Range<Int>) throws -> Bool {
    guard let patch = try patch(of: column) else { return false }
    return !patch.positions(in: rows).isEmpty
  }

  /// The zone maps of the deltas that have a column.
  public func zoneMaps(of column: Column) throws -> [ZoneMap] {
    try sources.compactMap { source in
      let reader = try source.delta.reader()
      return reader.schema.index(of: column.id).map { reader.zoneMap(column: $0) }
    }
  }
}

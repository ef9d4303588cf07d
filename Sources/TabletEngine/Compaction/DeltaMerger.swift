import ScanKernels
import SegmentFormat
import StorageBase

/// Merges deltas for rows that a compaction leaves where they are, in older rowsets: of each row
/// and column the newest value stays. Columns that the same deltas have stay together, so that the
/// output has no column twice and its deltas no order.
///
/// Memory: the keys of a group of columns and one of its columns, of all rows of its deltas.
struct DeltaMerger {
  struct Result {
    var segments: [SegmentMerger.Result.Segment] = []
    /// By output segment, whose rows are in it.
    var rows: [DeltaConversion] = []
  }

  let definition: TableDefinition
  /// Rows after which another output segment begins.
  let segmentRowCountMax: Int

  /// Columns that the same deltas have.
  private struct Group {
    var columns: [Column] = []
    let deltas: [RowsetSegment]
  }

  /// - Parameters:
  ///   - deltas: in any order.
  ///   - targets: the segments that stay, with the rows that nobody sees any more.
  ///   - isCancelled: asked once per column; true makes the merge throw `CancellationError`.
  ///   - sink: where output segment `n` goes.
  func merge(
    _ deltas: [RowsetSegment], for targets: [LiveSegment], isCancelled: () -> Bool,
    sink: (_ ordinal: Int) throws -> any SegmentSink
  ) throws -> Result {
    var result = Result()
    for group in try groups(of: deltas) {
      var rows = try ColumnGroupRows(group.deltas)
      for target in targets { try rows.add(target) }
      guard !rows.places.isEmpty else { continue }
      let first = result.segments.count
      try write(group, rows, isCancelled, &result) { try sink(first + $0) }
    }
    return result
  }

  private func groups(of deltas: [RowsetSegment]) throws -> [Group] {
    var owners: [ColumnID: [Int]] = [:]
    for (index, delta) in deltas.enumerated() {
      for column in try delta.reader().schema.columns {
        owners[column.id, default: []].append(index)
      }
    }
    var groups: [[Int]: Group] = [:]
    for column in definition.schema.columns.dropFirst(definition.schema.sortKeyCount) {
      guard let own = owners[column.id] else { continue }
      groups[own, default: Group(deltas: own.map { deltas[$0] })].columns.append(column)
    }
    return groups.values.sorted { $0.columns[0].id < $1.columns[0].id }
  }

  private func write(
    _ group: Group, _ rows: ColumnGroupRows, _ isCancelled: () -> Bool, _ result: inout Result,
    sink: (_ ordinal: Int) throws -> any SegmentSink
  ) throws {
    let keyColumns = Array(definition.schema.columns[..<definition.schema.sortKeyCount])
    let keys = try keyColumns.map { try rows.read($0) }
    let batch = ColumnBatch(
      schema: try definition.deltaSchema([]), rowCount: rows.places.count,
      columns: keys.map { $0.gather(rows.places) })
    let order = RowSorter(batch).sorted(Array(0..<UInt32(rows.places.count)))
    let places = order.map { rows.places[Int($0)] }
    let pieces = stride(from: 0, to: places.count, by: segmentRowCountMax).map {
      Array(places[$0..<min(places.count, $0 + segmentRowCountMax)])
    }
    let schema = try definition.deltaSchema(group.columns)
    let writers = try pieces.indices.map {
      try SegmentWriter(schema: schema, options: definition.deltaOptions, sink: sink($0))
    }
    for (index, column) in (keyColumns + group.columns).enumerated() {
      if isCancelled() { throw CancellationError() }
      let vector = try index < keys.count ? keys[index] : rows.read(column)
      for (piece, writer) in zip(pieces, writers) {
        try writer.writeColumn(vector.gather(piece))
      }
    }
    for (piece, writer) in zip(pieces, writers) {
      result.segments.append(SegmentMerger.Result.Segment(try writer.finish()))
      result.rows.append(rows.conversion(to: piece))
    }
  }
}

/// The rows of some deltas that have the newest values of their columns for some row, as places
/// among all rows of these deltas.
private struct ColumnGroupRows {
  private let deltas: [RowsetSegment]
  /// By delta, the place of its first row, and the end.
  private var starts = [0]
  private var positions: [DeltaID: Int] = [:]
  private(set) var places: [UInt32] = []

  init(_ deltas: [RowsetSegment]) throws {
    self.deltas = deltas
    for (index, delta) in deltas.enumerated() {
      positions[delta.deltaID] = index
      starts.append(starts[index] + (try delta.reader().rowCount))
    }
    guard starts[deltas.count] < UInt32.max else {
      throw StorageError.limitExceeded(
        what: "rows of the deltas of one compaction", value: starts[deltas.count],
        limit: Int(UInt32.max), remedy: "compact fewer versions at once")
    }
  }

  /// Adds what the deltas have for the rows of a segment that are there.
  mutating func add(_ target: LiveSegment) throws {
    // Row and order of the entry in one number, so that the newest of a row is the greatest.
    var found: [(key: UInt64, place: UInt32)] = []
    for (order, entry) in target.segment.patches.entries.enumerated() {
      guard let position = positions[entry.id] else { continue }
      try entry.pairs.check(against: deltas[position])
      for (row, deltaRow) in zip(entry.pairs.rows, entry.pairs.deltaRows)
      where !(target.deleted?.contains(Int(row)) ?? false) {
        found.append(
          (UInt64(row) << 32 | UInt64(order), UInt32(starts[position]) + deltaRow))
      }
    }
    found.sort { $0.key < $1.key }
    for (index, item) in found.enumerated()
    where index + 1 == found.count || found[index + 1].key >> 32 != item.key >> 32 {
      places.append(item.place)
    }
  }

  /// A column of all rows of the deltas.
  func read(_ column: Column) throws -> ColumnVector {
    let builder = ColumnBuilder(type: column.type, capacity: starts[deltas.count])
    for delta in deltas {
      try delta.forEachPage(of: column) { builder.append($0, rows: 0..<$0.count) }
    }
    return builder.finish()
  }

  /// O(log n).
  private func delta(ofPlace place: Int) -> Int {
    var (low, high) = (0, deltas.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }

  /// - Parameter piece: by row of an output segment, its place.
  func conversion(to piece: [UInt32]) -> DeltaConversion {
    var conversion: DeltaConversion = [:]
    for (index, delta) in deltas.enumerated() {
      conversion[delta.deltaID] = [UInt32](
        repeating: RowConversion.dropped, count: starts[index + 1] - starts[index])
    }
    for (row, place) in piece.enumerated() {
      let delta = self.delta(ofPlace: Int(place))
      conversion[deltas[delta].deltaID]?[Int(place) - starts[delta]] = UInt32(row)
    }
    return conversion
  }
}

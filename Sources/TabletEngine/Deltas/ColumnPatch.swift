import ScanKernels
import SegmentFormat
import StorageBase

/// New values of one column for rows of one segment. Immutable and thread-safe.
struct ColumnPatch: Sendable {
  /// Ascending, each once.
  let rows: [UInt32]
  /// By row, of the column's type in the table.
  let values: ColumnVector

  /// What is known, and what deltas have that came later.
  /// - Parameter sources: deltas with the column, those of older versions first.
  /// - Throws: `StorageError.corrupt` for a row that a delta does not have, and what reading
  ///   throws.
  init(
    _ known: ColumnPatch?, _ sources: [PatchedRows.Source], _ column: Column
  ) throws {
    let builder = ColumnBuilder(type: column.type)
    if let known { builder.append(known.values, rows: 0..<known.values.count) }
    // Row and place of its value in one number, so that the newest of a row is the greatest.
    var places: [UInt64] = []
    for source in sources {
      try source.pairs.check(against: source.delta)
      let first = UInt64(builder.count)
      for (row, deltaRow) in zip(source.pairs.rows, source.pairs.deltaRows) {
        places.append(UInt64(row) << 32 | (first + UInt64(deltaRow)))
      }
      try source.delta.forEachPage(of: column) { builder.append($0, rows: 0..<$0.count) }
    }
    precondition(builder.count <= Int(UInt32.max), "values of 2^32 rows")
    if sources.count > 1 { places.sort() }
    let merged = Self.newest(known?.rows ?? [], places)
    rows = merged.rows
    values = builder.finish().gather(merged.places)
  }

  /// - Parameters:
  ///   - known: rows whose values come first, in their order.
  ///   - places: of later values, ascending.
  private static func newest(
    _ known: [UInt32], _ places: [UInt64]
  ) -> (rows: [UInt32], places: [UInt32]) {
    var rows: [UInt32] = []
    var chosen: [UInt32] = []
    rows.reserveCapacity(known.count + places.count)
    chosen.reserveCapacity(known.count + places.count)
    var old = 0
    for (index, place) in places.enumerated() {
      let row = UInt32(place >> 32)
      if index + 1 < places.count, UInt32(places[index + 1] >> 32) == row { continue }
      while old < known.count, known[old] < row {
        rows.append(known[old])
        chosen.append(UInt32(old))
        old += 1
      }
      if old < known.count, known[old] == row { old += 1 }
      rows.append(row)
      chosen.append(UInt32(truncatingIfNeeded: place))
    }
    rows += known[old...]
    chosen += (old..<known.count).map { UInt32($0) }
    return (rows, chosen)
  }

  /// Those of its rows that are in a range, as positions in `rows`. O(log n).
  func positions(in range: Range<Int>) -> Range<Int> {
    let low = rows.firstPosition(notBelow: UInt32(range.lowerBound))
    return low..<max(low, rows.firstPosition(notBelow: UInt32(range.upperBound)))
  }

  /// Where the new value of a row is in `values`; nil where there is none. O(log n).
  func position(of row: UInt32) -> Int? {
    let position = rows.firstPosition(notBelow: row)
    return position < rows.count && rows[position] == row ? position : nil
  }

  /// The new value of one row; nil where there is none. O(log n).
  func value(of row: UInt32) -> Value? { position(of: row).map { values[$0] } }

  /// Consecutive rows with the new values in their places.
  func applied(to vector: ColumnVector, rows range: Range<Int>) -> ColumnVector {
    let own = positions(in: range)
    if own.isEmpty { return vector }
    return vector.replacing(
      rows[own].map { $0 - UInt32(range.lowerBound) }, with: values,
      at: own.map { UInt32($0) })
  }

  /// Rows in any order with the new values in their places.
  func applied(to vector: ColumnVector, rows sought: [UInt32]) -> ColumnVector {
    var targets: [UInt32] = []
    var own: [UInt32] = []
    for (index, row) in sought.enumerated() {
      guard let position = position(of: row) else { continue }
      targets.append(UInt32(index))
      own.append(UInt32(position))
    }
    return targets.isEmpty ? vector : vector.replacing(targets, with: values, at: own)
  }
}

extension RowsetSegment {
  /// All pages of a column of the table, of its type there.
  func forEachPage(of column: Column, _ body: (ColumnVector) throws -> Void) throws {
    let reader = try reader()
    var work = PageWork()
    for page in 0..<reader.pageCount {
      try body(try reader.readPage(of: column, page: page, work: &work))
    }
  }
}

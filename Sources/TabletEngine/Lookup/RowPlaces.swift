import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of keys in the order in which they are read: segment after segment, each from front to
/// back, so that a page is read once for a column. Immutable.
struct RowPlaces {
  /// Rows of one page.
  struct PageRows {
    let reader: SegmentReader
    let patched: PatchedRows?
    let page: Int
    /// Among those of the page, ascending.
    let rows: [UInt32]

    /// A column of the rows, of its type in the table.
    func read(_ column: Column, work: inout PageWork) throws -> ColumnVector {
      let vector = try reader.readPage(of: column, page: page, rows: rows, work: &work)
      guard let patched else { return vector }
      let first = UInt32(reader.rowRange(ofPage: page).lowerBound)
      return try patched.apply(to: vector, of: column, rows: rows.map { first + $0 })
    }
  }

  /// Rows of one segment, and the new values that some of them have.
  struct Stretch {
    let segment: RowsetSegment
    let patched: PatchedRows?
    /// Ascending.
    let rows: ArraySlice<UInt32>

    /// Each of the rows once.
    var withoutRepetitions: Stretch {
      var own: [UInt32] = []
      for row in rows where own.last != row { own.append(row) }
      return Stretch(segment: segment, patched: patched, rows: own[...])
    }
  }

  private(set) var stretches: [Stretch] = []
  /// Which of the rows, in the order of the keys that have one, each of them is.
  let order: [UInt32]
  /// Whether that is the order of the keys.
  let isInOrder: Bool

  var count: Int { order.count }

  /// O(n log n), O(n) for rows that lie in the order of the keys.
  init(_ locations: KeyLocations) {
    // Segment and row in one number, so that comparing them is one step.
    var packed: [UInt64] = []
    packed.reserveCapacity(locations.count)
    for key in 0..<locations.count where locations.hasRow(key) {
      let segment = UInt64(locations.segmentNumbers[key])
      packed.append(segment << 32 | UInt64(locations.rows[key]))
    }
    var order = Array(0..<UInt32(packed.count))
    isInOrder = zip(packed, packed.dropFirst()).allSatisfy { $0 <= $1 }
    if !isInOrder { order.sort { packed[Int($0)] < packed[Int($1)] } }
    self.order = order
    let rows = order.map { UInt32(truncatingIfNeeded: packed[Int($0)]) }
    var next = 0
    while next < order.count {
      let segment = packed[Int(order[next])] >> 32
      let start = next
      while next < order.count, packed[Int(order[next])] >> 32 == segment { next += 1 }
      stretches.append(
        Stretch(
          segment: locations.segments[Int(segment)], patched: locations.patched(Int(segment)),
          rows: rows[start..<next]))
    }
  }

  /// For each of the rows, in the order of the keys, where it is among them here.
  var positions: [UInt32] {
    var positions = [UInt32](repeating: 0, count: order.count)
    for (position, row) in order.enumerated() { positions[Int(row)] = UInt32(position) }
    return positions
  }

  /// The rows of a stretch by page.
  /// - Parameter reader: of its segment.
  static func pages(of stretch: Stretch, in reader: SegmentReader) -> [PageRows] {
    let rows = stretch.rows
    var pages: [PageRows] = []
    var next = rows.startIndex
    while next < rows.endIndex {
      let page = Int(rows[next]) / reader.rowsPerPage
      let range = reader.rowRange(ofPage: page)
      let start = next
      while next < rows.endIndex, range.contains(Int(rows[next])) { next += 1 }
      let own = rows[start..<next].map { $0 - UInt32(range.lowerBound) }
      pages.append(PageRows(reader: reader, patched: stretch.patched, page: page, rows: own))
    }
    return pages
  }
}

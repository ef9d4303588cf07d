import ScanKernels
import SegmentFormat
import StorageBase

/// Reads columns of rows wherever they are, one after the other: every page once for a column, and
/// only those that hold one of the rows. Immutable.
struct OldRows {
  /// Stands for a key without a row.
  static let none = UInt32.max

  private let pages: [RowPlaces.PageRows]
  /// By key, where its row is among those read; `none` for keys without one.
  let positions: [UInt32]
  let count: Int

  /// O(n log n).
  /// - Throws: what opening the segments throws.
  init(_ locations: KeyLocations) throws {
    let places = RowPlaces(locations)
    pages = try places.stretches.flatMap(RowPlaces.pages(of:))
    var found = places.positions.makeIterator()
    positions = (0..<locations.count).map { key in
      locations.hasRow(key) ? found.next() ?? Self.none : Self.none
    }
    count = places.count
  }

  /// A column of the rows, of its type in the table.
  /// - Throws: what reading the pages throws.
  func read(_ column: Column) throws -> ColumnVector {
    let builder = ColumnBuilder(type: column.type, capacity: count)
    var work = PageWork()
    for page in pages {
      let vector = try page.read(column, work: &work)
      builder.append(vector, rows: 0..<vector.count)
    }
    return builder.finish()
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// Reads columns of rows wherever they are, one after the other: from row stores where that is the
/// cheaper, else every page once for a column, and only those that hold one of the rows. Immutable.
struct OldRows {
  /// Stands for a key without a row.
  static let none = UInt32.max

  private let rows: FoundRows
  /// By column, its position in the table.
  private let columns: [ColumnID: Int]
  /// By key, where its row is among those read; `none` for keys without one.
  let positions: [UInt32]

  /// O(n log n).
  /// - Parameter columnCount: how many columns will be read, about.
  /// - Throws: what opening the segments throws.
  init(_ locations: KeyLocations, of definition: TableDefinition, columnCount: Int) throws {
    let places = RowPlaces(locations)
    rows = try FoundRows(places.stretches, definition, columnCount: columnCount)
    columns = Dictionary(
      uniqueKeysWithValues: definition.schema.columns.enumerated().map { ($1.id, $0) })
    var found = places.positions.makeIterator()
    positions = (0..<locations.count).map { key in
      locations.hasRow(key) ? found.next() ?? Self.none : Self.none
    }
  }

  /// A column of the rows, of its type in the table.
  /// - Precondition: the table has it.
  /// - Throws: what reading the pages throws.
  func read(_ column: Column) throws -> ColumnVector {
    guard let position = columns[column.id] else { preconditionFailure("a column of the table") }
    var work = PageWork()
    return try rows.column(position, work: &work)
  }
}

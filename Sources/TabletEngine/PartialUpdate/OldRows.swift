import ScanKernels
import SegmentFormat
import StorageBase

/// Reads columns of rows wherever they are: every page once for a column, and only those that hold
/// one of the rows. Immutable.
struct OldRows {
  /// Stands for a key without a row.
  static let none = UInt32.max

  private struct PageRows {
    let reader: SegmentReader
    let page: Int
    /// Among those of the page.
    var rows: [UInt32]
  }

  private let pages: [PageRows]
  /// By key, where its row is among those read; `none` for keys without one.
  let positions: [UInt32]
  let count: Int

  /// - Parameter locations: by key. O(n log n).
  /// - Throws: what opening the segments throws.
  init(_ locations: [RowLocation?]) throws {
    var segments: [ObjectIdentifier: Int] = [:]
    var readers: [SegmentReader] = []
    var wanted: [(segment: Int, row: UInt32, key: Int)] = []
    for (key, location) in locations.enumerated() {
      guard let location else { continue }
      let id = ObjectIdentifier(location.segment)
      if segments[id] == nil {
        segments[id] = readers.count
        readers.append(try location.segment.reader())
      }
      wanted.append((segments[id] ?? 0, location.row, key))
    }
    wanted.sort { ($0.segment, $0.row) < ($1.segment, $1.row) }
    var positions = [UInt32](repeating: Self.none, count: locations.count)
    var pages: [PageRows] = []
    var current: (segment: Int, page: Int)?
    for (position, place) in wanted.enumerated() {
      positions[place.key] = UInt32(position)
      let reader = readers[place.segment]
      let page = Int(place.row) / reader.rowsPerPage
      let row = place.row - UInt32(page * reader.rowsPerPage)
      if let current, current == (place.segment, page) {
        pages[pages.count - 1].rows.append(row)
      } else {
        pages.append(PageRows(reader: reader, page: page, rows: [row]))
        current = (place.segment, page)
      }
    }
    self.positions = positions
    self.pages = pages
    count = wanted.count
  }

  /// A column of the rows, of its type in the table.
  /// - Throws: what reading the pages throws.
  func read(_ column: Column) throws -> ColumnVector {
    let builder = ColumnBuilder(type: column.type, capacity: count)
    var work = PageWork()
    for page in pages {
      let vector = try page.reader.readPage(
        of: column, page: page.page, rows: page.rows, work: &work)
      builder.append(vector, rows: 0..<vector.count)
    }
    return builder.finish()
  }
}

import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization

/// Rows of a table that have been found, to be read column by column: those of a row store whole,
/// the first time, others a page of a column at a time. Thread-safe.
public final class FoundRows: Sendable {
  private struct Part: Sendable {
    let segment: SegmentRows
    let cache: RowPageCache
    let stretch: RowPlaces.Stretch
    /// Ascending.
    let rows: [UInt32]
    /// Whether the row store is asked for columns that it has.
    let usesStore: Bool
  }

  public let count: Int
  private let definition: TableDefinition
  private let columnCount: Int
  private let parts: [Part]
  /// Keeps the files of new values, which are read when they are asked for.
  private let table: TableSnapshot?
  /// By part, its rows from the row store, once a column has been asked for.
  private let stored: Mutex<[StoredRowsOfPart?]>

  /// Rows that are not changed any more.
  private struct StoredRowsOfPart: @unchecked Sendable {
    let batch: RowBatch
    /// By field: of rows in which a field is not found without the others, and of which many are
    /// wanted.
    let fields: [ColumnVector]?
  }

  /// - Parameters:
  ///   - stretches: rows of segments, ascending.
  ///   - columnCount: how many columns will be asked for, about.
  ///   - table: what they were found in; nil where the caller holds it.
  init(
    _ stretches: [RowPlaces.Stretch], _ definition: TableDefinition, columnCount: Int,
    holding table: TableSnapshot? = nil
  ) throws {
    self.table = table
    self.definition = definition
    self.columnCount = columnCount
    parts = try stretches.map { stretch in
      let own = try SegmentRows.of(stretch.segment, definition)
      return Part(
        segment: own, cache: stretch.segment.rowCache, stretch: stretch,
        rows: Array(stretch.rows),
        usesStore: Self.isStoreCheaper(for: stretch.rows, columnCount: columnCount, of: own))
    }
    count = parts.reduce(0) { $0 + $1.rows.count }
    stored = Mutex([StoredRowsOfPart?](repeating: nil, count: parts.count))
  }

  /// A row of a row store is a cache miss or two, and the room of its other columns; in a
  /// compressed one that of a page. Pages of columns are decoded whole, whatever is wanted of them.
  private static func isStoreCheaper(
    for rows: ArraySlice<UInt32>, columnCount: Int, of segment: SegmentRows
  ) -> Bool {
    guard let store = segment.store else { return false }
    var (pageCount, last) = (0, -1)
    for row in rows {
      let page = Int(row) / segment.reader.rowsPerPage
      if page != last { (pageCount, last) = (pageCount + 1, page) }
    }
    let loaded = store.isInPlace ? 0 : min(rows.count, store.pageCount)
    return rows.count * valuesOfRow + loaded * valuesOfRowPage
      <= pageCount * (segment.reader.rowsPerPage + valuesOfPage) * columnCount
  }

  /// Values that are decoded in about the time that a row takes, that a page of rows takes to be
  /// decompressed, some of which are kept, and that a page of a column takes whatever is in it.
  private static let valuesOfRow = 64
  private static let valuesOfRowPage = 2048
  private static let valuesOfPage = 1000

  /// A column of all rows, of its type in the table.
  /// - Parameters:
  ///   - column: a position in the schema of the table.
  ///   - work: counts the pages and bytes that are read for it.
  /// - Throws: `StorageError.corrupt` for bad pages and rows, and what the files throw.
  public func column(_ column: Int, work: inout PageWork) throws -> ColumnVector {
    let builder = ColumnBuilder(type: definition.schema.columns[column].type, capacity: count)
    for (number, part) in parts.enumerated() {
      if part.usesStore, part.segment.sources[column] != nil {
        let rows = try rows(ofPart: number, &work)
        guard var vector = part.segment.column(column, of: rows.batch, fields: rows.fields) else {
          continue
        }
        if let patched = part.stretch.patched {
          vector = try patched.apply(
            to: vector, of: definition.schema.columns[column], rows: part.rows)
        }
        builder.append(vector, rows: 0..<vector.count)
        continue
      }
      for page in RowPlaces.pages(of: part.stretch, in: part.segment.reader) {
        let vector = try page.read(definition.schema.columns[column], work: &work)
        builder.append(vector.widened(), rows: 0..<vector.count)
      }
    }
    return builder.finish()
  }

  /// The columns of a part, of those that its row store has.
  private func rows(
    ofPart number: Int, _ work: inout PageWork
  ) throws -> StoredRowsOfPart {
    if let known = stored.withLock({ $0[number] }) { return known }
    guard let store = parts[number].segment.store else {
      preconditionFailure("a segment without a row store")
    }
    let batch = RowBatch(layout: store.layout)
    try store.read(rows: parts[number].rows, into: batch, cache: parts[number].cache)
    work.bytesStored += batch.byteCount
    work.bytesDecoded += batch.byteCount
    let isWide = !store.layout.isDense && columnCount > Self.columnCountOfFields
    let rows = StoredRowsOfPart(batch: batch, fields: isWide ? batch.columns() : nil)
    stored.withLock { $0[number] = rows }
    return rows
  }

  /// Columns up to which they are looked for one by one in rows of many.
  private static let columnCountOfFields = 16
}

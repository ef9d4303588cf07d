import ScanKernels
import SegmentFormat
import StorageBase

/// What can be read of a segment that may be damaged, page by page: columns and, where a page of
/// one cannot be read, the same rows from the row store. Not thread-safe.
struct SegmentRemains {
  let reader: SegmentReader
  /// What a segment with its rows has, in order; the hidden column of deletions included.
  let columns: [Column]
  /// Those without which nothing is known of a row: its key, and its sequence.
  private let keyColumns: [Column]

  /// Of a segment of rows.
  init(rows reader: SegmentReader, of definition: TableDefinition) {
    self.reader = reader
    let schema = definition.schema
    let isSigned = reader.schema.index(of: DeleteSign.column.id) != nil
    columns = schema.columns + (isSigned ? [DeleteSign.column] : [])
    let sequence = definition.uniqueKeys?.sequenceColumn.flatMap { schema.index(of: $0) }
    keyColumns =
      Array(schema.columns[..<schema.sortKeyCount]) + (sequence.map { [schema.columns[$0]] } ?? [])
  }

  /// Of a delta, or of rows that are to be completed: the columns that it has and the table still
  /// has.
  init(delta reader: SegmentReader, of definition: TableDefinition) {
    self.reader = reader
    columns = definition.schema.columns.filter { reader.schema.index(of: $0.id) != nil }
    keyColumns = []
  }

  /// Whether all columns of a page can be read.
  func isWhole(_ page: Int) -> Bool { canRead(columns, page) }

  /// Whether the keys of a page can be read, and the sequences of its rows.
  func hasKeys(_ page: Int) -> Bool { canRead(keyColumns, page) }

  private func canRead(_ columns: [Column], _ page: Int) -> Bool {
    var work = PageWork()
    return columns.allSatisfy { column in
      do {
        _ = try read(column, page: page, work: &work)
        return true
      } catch {
        return false
      }
    }
  }

  /// A column of a page, of its type in the table.
  /// - Throws: what reading the page throws when the row store cannot help.
  func read(_ column: Column, page: Int, work: inout PageWork) throws -> ColumnVector {
    do {
      return try reader.readPage(of: column, page: page, work: &work)
    } catch {
      if let vector = try fromRows(column, page: page) { return vector }
      throw error
    }
  }

  /// The same from the row store; nil when that does not have the column.
  private func fromRows(_ column: Column, page: Int) throws -> ColumnVector? {
    guard let rows = try reader.rowStore(), let position = reader.schema.index(of: column.id),
      let field = rows.positions.firstIndex(of: position)
    else { return nil }
    let range = reader.rowRange(ofPage: page)
    let batch = RowBatch(layout: rows.layout)
    try rows.read(rows: range.map { UInt32($0) }, into: batch)
    let vector = batch.column(field)
    return vector.type == column.type ? vector : vector.converted(to: column.type)
  }
}

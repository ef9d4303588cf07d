import ScanKernels
import SegmentFormat
import StorageBase

/// The hidden column that says which rows of a segment stand for the deletion of their key
/// (`__DORIS_DELETE_SIGN__` of Apache Doris). A segment without such rows does not have it.
enum DeleteSign {
  /// Ids of hidden columns count down from the greatest; those of a table's columns count up.
  static let column = Column(
    id: ColumnID(rawValue: .max), name: "__delete_sign__", type: .int8, isNullable: false,
    defaultValue: .integer(0))

  /// A vector of the column.
  /// - Parameter rows: those that delete; nil for none.
  static func vector(_ rows: Bitmap?, rowCount: Int) -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: rowCount, zeroed: true)
    let values = buffer.mutableValues(as: Int8.self)
    rows?.forEachSet { values[$0] = 1 }
    return ColumnVector(type: column.type, count: rowCount, body: .fixed(buffer), nulls: nil)
  }

  /// The rows that delete.
  static func rows(_ vector: ColumnVector) -> Bitmap? {
    let values = vector.values(as: Int8.self)
    guard values.contains(where: { $0 != 0 }) else { return nil }
    let rows = Bitmap(count: vector.count)
    for (row, sign) in values.enumerated() where sign != 0 { rows.set(row) }
    return rows
  }
}

extension Schema {
  /// The columns of segments that have delete signs.
  func withDeleteSign() throws -> Schema {
    try Schema(
      columns: columns + [DeleteSign.column], sortKeyCount: sortKeyCount, keysModel: keysModel)
  }
}

extension SegmentReader {
  /// The rows found that stand for the deletion of their key. Reads each page of signs once for
  /// matches in the order of their rows.
  func deletions(among matches: [KeyMatch]) throws -> [KeyMatch] {
    guard schema.index(of: DeleteSign.column.id) != nil else { return [] }
    var work = PageWork()
    var signs: (page: Int, rows: Bitmap?)?
    return try matches.filter { match in
      let page = Int(match.row) / rowsPerPage
      if signs?.page != page {
        let vector = try readPage(of: DeleteSign.column, page: page, work: &work)
        signs = (page, DeleteSign.rows(vector))
      }
      return signs?.rows?[Int(match.row) - rowRange(ofPage: page).lowerBound] ?? false
    }
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// The keys of a segment, page by page, and what belongs to them. Immutable and thread-safe.
struct KeyPages {
  struct Page {
    let rows: Range<Int>
    let keys: [ColumnVector]
    let sequence: ColumnVector?
    /// The rows that delete their key; nil for none.
    let deleteSigns: Bitmap?
  }

  private let reader: SegmentReader
  private let keyColumns: [Int]
  private let sequence: Int?
  private let deleteSign: Int?

  /// - Throws: what opening the segment throws.
  init(_ segment: RowsetSegment, _ keyColumns: [Column], _ sequence: Column?) throws {
    let reader = try segment.reader()
    self.reader = reader
    self.keyColumns = try keyColumns.map { try reader.position(of: $0) }
    self.sequence = try sequence.map { try reader.position(of: $0) }
    deleteSign = reader.schema.index(of: DeleteSign.column.id)
  }

  var rowCount: Int { reader.rowCount }
  var hasDeleteSigns: Bool { deleteSign != nil }

  func forEach(_ body: (Page) throws -> Void) throws {
    var work = PageWork()
    for page in 0..<reader.pageCount {
      let keys = try keyColumns.map { try reader.readPage(column: $0, page: page, work: &work) }
      let sequence = try sequence.map { try reader.readPage(column: $0, page: page, work: &work) }
      let signs = try deleteSign.flatMap {
        DeleteSign.rows(try reader.readPage(column: $0, page: page, work: &work))
      }
      try body(
        Page(
          rows: reader.rowRange(ofPage: page), keys: keys, sequence: sequence, deleteSigns: signs))
    }
  }
}

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
  private let keyColumns: [Column]
  private let sequence: Column?
  /// The new values of the sequence column; nil for none.
  private let patch: ColumnPatch?
  /// Whether the segment has rows that stand for the deletion of their key.
  let hasDeleteSigns: Bool

  /// - Parameter patched: the new values that its rows have; nil for none.
  /// - Throws: what opening the segment throws, and reading the new values.
  init(
    _ segment: RowsetSegment, _ keyColumns: [Column], _ sequence: Column?,
    patched: PatchedRows? = nil
  ) throws {
    reader = try segment.reader()
    self.keyColumns = keyColumns
    self.sequence = sequence
    patch = try sequence.flatMap { try patched?.patch(of: $0) }
    hasDeleteSigns = reader.schema.index(of: DeleteSign.column.id) != nil
  }

  var rowCount: Int { reader.rowCount }

  func forEachPage(_ body: (Page) throws -> Void) throws {
    var work = PageWork()
    for page in 0..<reader.pageCount {
      let keys = try keyColumns.map { try reader.readPage(of: $0, page: page, work: &work) }
      let rows = reader.rowRange(ofPage: page)
      let sequence = try sequence.map { column in
        let stored = try reader.readPage(of: column, page: page, work: &work)
        return patch.map { $0.applied(to: stored, rows: rows) } ?? stored
      }
      var signs: Bitmap?
      if hasDeleteSigns {
        signs = DeleteSign.rows(
          try reader.readPage(of: DeleteSign.column, page: page, work: &work))
      }
      try body(
        Page(rows: rows, keys: keys, sequence: sequence, deleteSigns: signs))
    }
  }
}

import ScanKernels
import SegmentFormat
import StorageBase
import TabletModel

/// Inputs of a compaction whose rows follow one another in key order as they are, so that the
/// output can have their segments instead of a rewrite of them (ordered-data compaction of Apache
/// Doris: logs and events that are sorted by the time they come at).
///
/// The files get another name beside the one they have; each rowset removes its own.
struct OrderedRowsets {
  let segments: [RowsetSegment]
  let rowCount: Int

  /// Nil when the inputs have to be merged: rows of equal keys become one, a segment lies inline
  /// or is so small that it had better be joined with others, the key ranges overlap or are not in
  /// order, or a segment is not as one of the table would be written now.
  ///
  /// - Parameters:
  ///   - byteCountMin: segments of fewer bytes are rewritten.
  ///   - work: gets what is read to find out: the first and the last page of keys of each rowset.
  init?(
    _ inputs: [Rowset], of definition: TableDefinition, byteCountMin: Int, work: inout PageWork
  ) throws {
    let rowsets = inputs.filter { !$0.segments.isEmpty }
    guard definition.uniqueKeys == nil, rowsets.count > 1 else { return nil }
    segments = rowsets.flatMap(\.segments)
    rowCount = rowsets.reduce(0) { $0 + $1.summary.rowCount }
    // What costs nothing to find out comes first.
    guard rowsets.allSatisfy({ !$0.summary.segmentsOverlap }),
      segments.allSatisfy({ !$0.isInline && $0.byteCount >= byteCountMin })
    else { return nil }
    let readers = try rowsets.map { try $0.segments.map { try $0.reader() } }
    guard readers.joined().allSatisfy({ Self.isUpToDate($0, definition) }) else { return nil }
    for (before, after) in zip(readers, readers.dropFirst()) {
      guard let last = before.last, let first = after.first,
        try Self.follows(first, last, definition, &work)
      else { return nil }
    }
  }

  /// Whether a merge would write its columns, indexes and rows as the segment has them.
  private static func isUpToDate(_ reader: SegmentReader, _ definition: TableDefinition) -> Bool {
    let columns = definition.schema.columns
    guard reader.rowCount > 0, reader.schema.columns.count == columns.count,
      reader.rowsPerPage == definition.segmentOptions.rowsPerPage,
      reader.hasRowStore == (definition.rowStore != nil)
    else { return false }
    return columns.indices.allSatisfy { column in
      reader.schema.fit(of: columns[column]) == .stored(column)
        && (reader.invertedIndex(ofColumn: column) != nil)
          == (definition.index(ofColumn: column) != nil)
    }
  }

  /// Whether no row of `next` has a smaller key than the last row of `previous`.
  private static func follows(
    _ next: SegmentReader, _ previous: SegmentReader, _ definition: TableDefinition,
    _ work: inout PageWork
  ) throws -> Bool {
    let lastPage = previous.pageCount - 1
    let lastRow = previous.rowRange(ofPage: lastPage).count - 1
    for column in 0..<definition.schema.sortKeyCount {
      let first = try next.readPage(column: column, page: 0, rows: [0], work: &work)
      let last = try previous.readPage(
        column: column, page: lastPage, rows: [UInt32(lastRow)], work: &work)
      let order = KeyOrder.compare(last, 0, first, 0)
      if order != 0 { return order < 0 }
    }
    return true
  }
}

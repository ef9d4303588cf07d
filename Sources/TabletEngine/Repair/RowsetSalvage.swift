import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

/// Writes what can be read of damaged rowsets into new ones: whole pages, in their order, with new
/// zone maps, filters and indexes.
struct RowsetSalvage {
  let store: Store
  let tablet: TabletID
  let examiner: RowsetExaminer

  /// The new rowset, of the same versions, in synced files; without segments when nothing is left.
  /// - Throws: `StorageError`; what was written is removed as far as possible, or later as orphans.
  func save(_ rowset: Rowset, as examination: RowsetExamination) throws -> RowsetMeta {
    let id = store.newRowsetID()
    var byteCounts: [Int] = []
    var paths: [String] = []
    do {
      for (segment, found) in zip(rowset.segments, examination.segments) where found.rowCount > 0 {
        let path = store.layout.segment(tablet: tablet, rowset: id, ordinal: paths.count)
        let file = try store.files.create(path, cause: .tool)
        paths.append(path)
        byteCounts.append(try write(found.wholePages ?? [], of: segment, to: file))
        try file.sync()
      }
      if !paths.isEmpty {
        try store.files.syncDirectory(store.layout.tabletDirectory(tablet), cause: .tool)
      }
    } catch {
      for path in paths { do { try store.files.remove(path) } catch {} }
      throw error
    }
    let old = rowset.summary
    let summary = RowsetSummary(
      versions: old.versions, byteCount: byteCounts.reduce(0, +), rowCount: examination.rowCount,
      segmentCount: byteCounts.count,
      segmentsOverlap: old.segmentsOverlap && byteCounts.count > 1, mergeDepth: old.mergeDepth,
      createdAt: old.createdAt)
    return RowsetMeta(
      entry: RowsetEntry(id: id, summary: summary),
      segments: byteCounts.map { .file(byteCount: $0) })
  }

  private func write(
    _ pages: [Int], of segment: RowsetSegment, to file: any WritableFile
  ) throws -> Int {
    let definition = examiner.definition
    let reader = try examiner.reader(of: segment)
    let writer = try SegmentWriter(
      schema: definition.schema, options: definition.segmentOptions, sink: FileSink(file))
    for (position, column) in definition.schema.columns.enumerated() {
      let index = try definition.index(ofColumn: position).map {
        try InvertedIndexWriter(type: column.type, options: $0.options)
      }
      var work = PageWork()
      var row = 0
      for page in pages {
        let vector = try reader.readPage(of: column, page: page, work: &work)
        try writer.append(vector)
        try index?.add(vector, firstRow: row)
        row += vector.count
      }
      try writer.finishColumn()
      if let index { try writer.append(index, ofColumn: position) }
    }
    return try writer.finish().byteCount
  }
}

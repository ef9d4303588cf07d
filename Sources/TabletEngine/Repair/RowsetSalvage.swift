import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

/// A rowset that takes the place of a damaged one, and where the rows of that are in it.
struct SavedRowset {
  let meta: RowsetMeta
  /// By segment of rows of the damaged one: by row, the row of the new one counted over its
  /// segments, or `RowConversion.dropped`. Empty for a segment of which nothing is left.
  let rows: [[UInt32]]
  /// By segment of rows of the new one.
  let rowCounts: [Int]
  /// By delta of the damaged one: the ordinal of the new one, and where its rows are there; nil
  /// when nothing is left of it.
  let deltas: [(ordinal: Int, rows: [UInt32])?]
}

/// Writes what can be read of damaged rowsets into new ones: whole pages, in their order, with new
/// zone maps, filters, indexes and rows kept whole.
struct RowsetSalvage {
  let store: Store
  let tablet: TabletID
  let examiner: RowsetExaminer

  /// The new rowset, of the same versions, in synced files; without segments when nothing is left.
  /// - Throws: `StorageError`; what was written is removed as far as possible, or later as orphans.
  func save(_ rowset: Rowset, as examination: RowsetExamination) throws -> SavedRowset {
    let files = RepairFiles(store: store, tablet: tablet)
    do {
      let parts = examination.segments.prefix(rowset.segments.count)
      var rows: [[UInt32]] = []
      var rowCounts: [Int] = []
      for (segment, found) in zip(rowset.segments, parts) {
        guard found.rowCount + found.keyRowCount > 0 else {
          rows.append([])
          continue
        }
        let remains = SegmentRemains(
          rows: try examiner.reader(of: segment), of: examiner.definition)
        let copy = SegmentCopy(remains, found, firstRow: rowCounts.reduce(0, +))
        try files.write { try copy.write(rowsOf: examiner.definition, to: $0) }
        rows.append(copy.destinations)
        rowCounts.append(copy.rowCount)
      }
      let deltas = try saveDeltas(of: rowset, examination, to: files)
      try files.sync()
      let old = rowset.summary
      let summary = RowsetSummary(
        versions: old.versions, byteCount: files.byteCounts.reduce(0, +),
        rowCount: rowCounts.reduce(0, +), segmentCount: files.byteCounts.count,
        deltaCount: deltas.count { $0 != nil },
        segmentsOverlap: old.segmentsOverlap && rowCounts.count > 1, mergeDepth: old.mergeDepth,
        createdAt: old.createdAt)
      return SavedRowset(
        meta: files.meta(summary), rows: rows, rowCounts: rowCounts, deltas: deltas)
    } catch {
      files.remove()
      throw error
    }
  }

  /// Writes what can be read of the deltas behind what has been written.
  func saveDeltas(
    of rowset: Rowset, _ examination: RowsetExamination, to files: RepairFiles
  ) throws -> [(ordinal: Int, rows: [UInt32])?] {
    let parts = examination.segments.suffix(rowset.deltas.count)
    return try zip(rowset.deltas, parts).map { delta, found in
      guard found.rowCount > 0 else { return nil }
      let remains = SegmentRemains(
        delta: try examiner.reader(of: delta), of: examiner.definition)
      let copy = SegmentCopy(remains, found, firstRow: 0)
      let ordinal = files.byteCounts.count
      try files.write { try copy.write(deltaOf: examiner.definition, to: $0) }
      return (ordinal, copy.destinations)
    }
  }
}

/// The files of a rowset that a repair writes. Not thread-safe.
final class RepairFiles {
  private let store: Store
  private let tablet: TabletID
  private let rowset: RowsetID
  private var files: [(path: String, file: any WritableFile)] = []
  /// By segment.
  private(set) var byteCounts: [Int] = []

  init(store: Store, tablet: TabletID) {
    self.store = store
    self.tablet = tablet
    rowset = store.newRowsetID()
  }

  /// The next file, for somebody who says later how many bytes it has got.
  func create() throws -> any SegmentSink {
    let path = store.layout.segment(tablet: tablet, rowset: rowset, ordinal: files.count)
    let file = try store.files.create(path, cause: .tool)
    files.append((path, file))
    return FileSink(file)
  }

  func add(byteCount: Int) { byteCounts.append(byteCount) }

  /// Writes one segment.
  func write(_ body: (any SegmentSink) throws -> SegmentSummary) throws {
    let sink = try create()
    add(byteCount: try body(sink).byteCount)
  }

  func sync() throws {
    for (_, file) in files { try file.sync() }
    guard !files.isEmpty else { return }
    try store.files.syncDirectory(store.layout.tabletDirectory(tablet), cause: .tool)
  }

  /// What cannot be removed now is removed as an orphan when the store is next opened.
  func remove() { for (path, _) in files { do { try store.files.remove(path) } catch {} } }

  /// A reader of one of the files.
  func reader(_ ordinal: Int) throws -> SegmentReader {
    try SegmentReader(file: store.files.openForReading(files[ordinal].path, cause: .tool))
  }

  func meta(_ summary: RowsetSummary) -> RowsetMeta {
    RowsetMeta(
      entry: RowsetEntry(id: rowset, summary: summary),
      segments: byteCounts.map { .file(byteCount: $0) })
  }
}

/// Writes what is left of a segment into a new one.
private struct SegmentCopy {
  /// A page of the old segment, and whether nothing but keys is left of its rows.
  private struct Page {
    let number: Int
    let hasKeysOnly: Bool
  }

  private let remains: SegmentRemains
  private let pages: [Page]
  /// By row of the old segment, its row in the new rowset, or `RowConversion.dropped`.
  let destinations: [UInt32]
  let rowCount: Int

  /// - Parameter firstRow: of the new segment, in its rowset.
  init(_ remains: SegmentRemains, _ found: RowsetExamination.Segment, firstRow: Int) {
    self.remains = remains
    pages =
      ((found.wholePages ?? []).map { Page(number: $0, hasKeysOnly: false) }
      + found.keyPages.map { Page(number: $0, hasKeysOnly: true) }).sorted { $0.number < $1.number }
    var destinations = [UInt32](repeating: RowConversion.dropped, count: remains.reader.rowCount)
    var row = firstRow
    for page in pages {
      for old in remains.reader.rowRange(ofPage: page.number) {
        destinations[old] = UInt32(row)
        row += 1
      }
    }
    self.destinations = destinations
    rowCount = row - firstRow
  }

  func write(
    rowsOf definition: TableDefinition, to sink: any SegmentSink
  ) throws -> SegmentSummary {
    let isSigned = remains.columns.last == DeleteSign.column || pages.contains(where: \.hasKeysOnly)
    let writer = try SegmentWriter(
      schema: isSigned ? definition.schema.withDeleteSign() : definition.schema,
      options: definition.segmentOptions, sink: sink)
    for (position, column) in definition.schema.columns.enumerated() {
      let index = try definition.index(ofColumn: position).map {
        try InvertedIndexWriter(type: column.type, options: $0.options)
      }
      var row = 0
      try forEachPage(of: column, definition) { vector in
        try writer.append(vector)
        try index?.add(vector, firstRow: row)
        row += vector.count
      }
      try writer.finishColumn()
      if let index { try writer.append(index, ofColumn: position) }
    }
    if isSigned {
      try forEachPage(of: DeleteSign.column, definition) { try writer.append($0) }
      try writer.finishColumn()
    }
    try writeKeys(of: definition, to: writer)
    try writeRows(of: definition, to: writer)
    return try writer.finish()
  }

  func write(
    deltaOf definition: TableDefinition, to sink: any SegmentSink
  ) throws -> SegmentSummary {
    let keyCount = definition.schema.sortKeyCount
    let writer = try SegmentWriter(
      schema: definition.deltaSchema(Array(remains.columns.dropFirst(keyCount))),
      options: definition.deltaOptions, sink: sink)
    for column in remains.columns {
      try forEachPage(of: column, definition) { try writer.append($0) }
      try writer.finishColumn()
    }
    return try writer.finish()
  }

  private func writeKeys(of definition: TableDefinition, to writer: SegmentWriter) throws {
    guard definition.hasPrimaryKeyIndex else { return }
    let schema = definition.schema
    let keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    let sequence = definition.uniqueKeys?.sequenceColumn.flatMap { schema.index(of: $0) }
    try writer.appendPrimaryKeys(hasSequences: sequence != nil) { keys in
      var work = PageWork()
      for page in pages {
        let vectors = try keyColumns.map { try read($0, page, definition, &work) }
        let sequences = try sequence.map {
          SequenceCodes.codes(of: try read(schema.columns[$0], page, definition, &work))
        }
        try keys.append(SortKeyBytes.encode(vectors, keyColumns), sequences: sequences)
      }
    }
  }

  private func writeRows(of definition: TableDefinition, to writer: SegmentWriter) throws {
    guard definition.rowStore != nil else { return }
    let columns = definition.rowStoreColumns.map { definition.schema.columns[$0] }
    try writer.appendRowStore(definition.rowStoreOptions) { rows in
      var work = PageWork()
      for page in pages {
        let vectors = try columns.map { try read($0, page, definition, &work) }
        try rows.append(vectors, rows: 0..<vectors[0].count)
      }
    }
  }

  private func forEachPage(
    of column: Column, _ definition: TableDefinition, _ body: (ColumnVector) throws -> Void
  ) throws {
    var work = PageWork()
    for page in pages { try body(try read(column, page, definition, &work)) }
  }

  private func read(
    _ column: Column, _ page: Page, _ definition: TableDefinition, _ work: inout PageWork
  ) throws -> ColumnVector {
    guard page.hasKeysOnly else {
      guard column != DeleteSign.column || remains.columns.last == column else {
        return DeleteSign.vector(nil, rowCount: remains.reader.rowRange(ofPage: page.number).count)
      }
      return try remains.read(column, page: page.number, work: &work)
    }
    let count = remains.reader.rowRange(ofPage: page.number).count
    if column == DeleteSign.column {
      return DeleteSign.vector(.full(count: count), rowCount: count)
    }
    if try definition.deletionColumns().contains(column) {
      return try remains.read(column, page: page.number, work: &work)
    }
    return .constant(
      column.isNullable ? .null : column.type.filler, type: column.type, count: count)
  }
}

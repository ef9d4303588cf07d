import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Writes the rows of one load that belong to one tablet. Not thread-safe.
final class BucketWriter {
  private let store: Store
  private let table: TableSnapshot
  private let tablet: TabletID
  private let rowset: RowsetID
  private var segments: [PreparedLoad.Segment] = []
  private var rowCount = 0
  private var flushCount = 0

  init(store: Store, table: TableSnapshot, tablet: TabletID) {
    self.store = store
    self.table = table
    self.tablet = tablet
    rowset = store.newRowsetID()
  }

  /// Writes `rows` of `batch`, which are in key order, as one or more segments.
  /// - Parameter isLast: whether nothing follows, so that a small first flush may stay in memory.
  func write(_ batch: ColumnBatch, rows: [UInt32], isLast: Bool) throws {
    flushCount += 1
    rowCount += rows.count
    for start in stride(from: 0, to: rows.count, by: store.options.segmentRowCountMax) {
      let end = min(rows.count, start + store.options.segmentRowCountMax)
      let part = batch.gather(end - start == rows.count ? rows : Array(rows[start..<end]))
      let options = table.definition.segmentOptions
      let bytes = try SegmentWriter.encode(part, options: options).bytes
      let isAlone = isLast && segments.isEmpty && end == rows.count
      if isAlone && bytes.count <= store.options.inlineRowsetByteCountMax {
        segments.append(.inline(bytes))
      } else {
        try writeFile(bytes)
      }
    }
  }

  private func writeFile(_ bytes: [UInt8]) throws {
    let path = store.layout.segment(tablet: tablet, rowset: rowset, ordinal: segments.count)
    let file = try store.files.create(path, cause: .flush)
    try file.append(bytes)
    try file.sync()
    segments.append(.file(byteCount: bytes.count))
  }

  /// Makes the files findable after a crash, and returns what there is to commit; nil for no rows.
  func finish() throws -> PreparedLoad.Part? {
    guard rowCount > 0 else { return nil }
    let hasFiles = segments.contains { if case .file = $0 { true } else { false } }
    if hasFiles {
      try store.files.syncDirectory(store.layout.tabletDirectory(tablet), cause: .flush)
    }
    return PreparedLoad.Part(
      tablet: tablet, rowset: rowset, rowCount: rowCount, segmentsOverlap: flushCount > 1,
      segments: segments)
  }
}

extension ColumnBatch {
  /// The rows at `rows`, in that order; the batch itself when these are all of its rows in order.
  func gather(_ rows: [UInt32]) -> ColumnBatch {
    if rows.count == rowCount, rows.enumerated().allSatisfy({ $0 == $1 }) { return self }
    return ColumnBatch(
      schema: schema, rowCount: rows.count, columns: columns.map { $0.gather(rows) })
  }
}

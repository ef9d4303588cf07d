import StorageBase
import StorageIO

/// Writes the rows of one load that belong to one tablet. Not thread-safe.
final class BucketWriter {
  private let store: Store
  private let tablet: TabletID
  private let rowset: RowsetID
  private let token: TransactionToken
  private var segments: [PreparedLoad.Segment] = []
  private var rowCount = 0
  private var flushCount = 0
  private var keys: [SegmentKeys?] = []

  init(store: Store, tablet: TabletID, token: TransactionToken) {
    self.store = store
    self.tablet = tablet
    self.token = token
    rowset = store.newRowsetID()
  }

  /// Adds the segments of one flush.
  /// - Parameter isLast: whether nothing follows, so that a small first segment may stay in memory.
  func add(_ encoded: [SegmentPiece.Encoded], isLast: Bool) throws {
    flushCount += 1
    let isAlone = isLast && segments.isEmpty && encoded.count == 1
    for segment in encoded {
      rowCount += segment.rowCount
      keys.append(segment.keys)
      if isAlone && segment.bytes.count <= store.options.inlineRowsetByteCountMax {
        segments.append(.inline(segment.bytes))
      } else {
        try writeFile(segment.bytes)
      }
    }
  }

  private func writeFile(_ bytes: [UInt8]) throws {
    let path = store.layout.segment(tablet: tablet, rowset: rowset, ordinal: segments.count)
    token.own(path)
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
      segments: segments, keys: keys)
  }
}

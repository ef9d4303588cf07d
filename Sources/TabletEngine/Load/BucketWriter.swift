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
  private var keys = PartKeys()

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
      keys.segments.append(segment.keys)
      if isAlone && segment.bytes.count <= store.options.inlineRowsetByteCountMax {
        segments.append(.inline(segment.bytes))
      } else {
        try writeFile(segment.bytes)
      }
    }
  }

  /// Adds all there is of a partial load: rows, and new values for rows that are there.
  func add(_ encoded: [SegmentPiece.Encoded], deltas: [DeltaRows.Encoded]) throws {
    flushCount += 1
    rowCount = encoded.reduce(0) { $0 + $1.rowCount }
    keys = PartKeys(segments: encoded.map(\.keys), deltas: deltas.map(\.keys))
    let all = encoded.map(\.bytes) + deltas.map(\.bytes)
    let isSmall = all.reduce(0) { $0 + $1.count } <= store.options.inlineRowsetByteCountMax
    for bytes in all {
      if isSmall { segments.append(.inline(bytes)) } else { try writeFile(bytes) }
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

  /// Makes the files findable after a crash, and returns what there is to commit; nil for nothing.
  func finish() throws -> PreparedLoad.Part? {
    guard !segments.isEmpty else { return nil }
    let hasFiles = segments.contains { if case .file = $0 { true } else { false } }
    if hasFiles {
      try store.files.syncDirectory(store.layout.tabletDirectory(tablet), cause: .flush)
    }
    return PreparedLoad.Part(
      tablet: tablet, rowset: rowset, rowCount: rowCount, segmentsOverlap: flushCount > 1,
      segments: segments, deltaCount: keys.deltas.count, keys: keys)
  }
}

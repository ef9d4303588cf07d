import StorageBase
import StorageIO

/// Writes the rows of one load that belong to one tablet, and keeps the number of its segments
/// small. Not thread-safe.
final class BucketWriter {
  private let store: Store
  private let tablet: TabletSnapshot
  private let definition: TableDefinition
  private let rowset: RowsetID
  private let token: TransactionToken
  private var segments: [LoadedSegment] = []
  private var deltas: [LoadedSegment] = []
  private var deltaKeys: [DeltaKeys] = []
  private var flushCount = 0
  private var fileCount = 0

  init(
    store: Store, tablet: TabletSnapshot, definition: TableDefinition, token: TransactionToken
  ) {
    self.store = store
    self.tablet = tablet
    self.definition = definition
    self.token = token
    rowset = store.newRowsetID()
  }

  /// Adds the segments of one flush.
  /// - Parameter isLast: whether nothing follows, so that a small first segment may stay in memory.
  func add(_ encoded: [SegmentPiece.Encoded], isLast: Bool) throws {
    flushCount += 1
    let isAlone = isLast && segments.isEmpty && encoded.count == 1
    for segment in encoded {
      let isInline = isAlone && segment.bytes.count <= store.options.inlineRowsetByteCountMax
      segments.append(try loaded(segment.bytes, isInline: isInline, segment))
    }
    // Segments of one flush do not overlap.
    if flushCount > 1 { try joinSegments() }
  }

  /// Adds all there is of a partial load: rows, and new values for rows that are there.
  func add(_ encoded: [SegmentPiece.Encoded], deltas: [DeltaRows.Encoded]) throws {
    flushCount += 1
    let byteCount =
      encoded.reduce(0) { $0 + $1.bytes.count } + deltas.reduce(0) { $0 + $1.bytes.count }
    let isInline = byteCount <= store.options.inlineRowsetByteCountMax
    segments = try encoded.map { try loaded($0.bytes, isInline: isInline, $0) }
    self.deltas = try deltas.map { try loaded($0.bytes, isInline: isInline, nil) }
    deltaKeys = deltas.map(\.keys)
  }

  /// Adds all rows of a partial load that are completed later.
  func add(given encoded: [[UInt8]]) throws {
    flushCount += 1
    let byteCount = encoded.reduce(0) { $0 + $1.count }
    let isInline = byteCount <= store.options.inlineRowsetByteCountMax
    deltas = try encoded.map { try loaded($0, isInline: isInline, nil) }
  }

  private func loaded(
    _ bytes: [UInt8], isInline: Bool, _ rows: SegmentPiece.Encoded?
  ) throws -> LoadedSegment {
    if isInline {
      return LoadedSegment(
        contents: .inline(bytes), rowCount: rows?.rowCount ?? 0, keys: rows?.keys)
    }
    let (number, file) = try newFile(cause: .flush)
    try file.append(bytes)
    try file.sync()
    return LoadedSegment(
      contents: .file(byteCount: bytes.count), rowCount: rows?.rowCount ?? 0, keys: rows?.keys,
      fileNumber: number)
  }

  private func path(_ number: Int) -> String {
    store.layout.segment(tablet: tablet.id, rowset: rowset, ordinal: number)
  }

  private func newFile(cause: IOCause) throws -> (number: Int, file: any WritableFile) {
    let number = fileCount
    token.own(path(number))
    fileCount += 1
    return (number, try store.files.create(path(number), cause: cause))
  }

  /// Makes the files findable after a crash, and returns what there is to commit; nil for nothing.
  func finish() throws -> PreparedLoad.Part? {
    var all = segments + deltas
    guard !all.isEmpty else { return nil }
    for place in all.indices { try rename(&all[place], to: place) }
    if all.contains(where: { $0.fileNumber != nil }) {
      try store.files.syncDirectory(store.layout.tabletDirectory(tablet.id), cause: .flush)
    }
    return PreparedLoad.Part(
      tablet: tablet.id, rowset: rowset, rowCount: segments.reduce(0) { $0 + $1.rowCount },
      segmentsOverlap: flushCount > 1 && segments.count > 1, segments: all.map(\.contents),
      deltaCount: deltas.count, keys: PartKeys(segments: segments.map(\.keys), deltas: deltaKeys))
  }
}

// MARK: Segment compaction

extension BucketWriter {
  /// Joins what has come since the last time, once that is enough.
  private func joinSegments() throws {
    guard let rules = store.options.segmentCompaction else { return }
    let start = segments.lastIndex { $0.isSettled }.map { $0 + 1 } ?? 0
    let open = segments[start...]
    guard open.count >= rules.segmentCountMin, open.allSatisfy({ $0.fileNumber != nil }) else {
      return
    }
    // From the back, so that places stay what they are.
    for job in rules.jobs(among: open.map(\.candidate)).reversed() {
      let places = job.lowerBound + start..<job.upperBound + start
      segments.replaceSubrange(places, with: [try joined(Array(segments[places]))])
    }
    for place in segments[start...].indices { segments[place].isSettled = true }
  }

  private func joined(_ inputs: [LoadedSegment]) throws -> LoadedSegment {
    let paths = inputs.compactMap(\.fileNumber).map { path($0) }
    let (number, file) = try newFile(cause: .segmentCompaction)
    let join = SegmentJoin(store: store, tablet: tablet, definition: definition)
    let output = try join.join(paths, into: file, path: path(number))
    try file.sync()
    for path in paths { try store.files.remove(path) }
    return LoadedSegment(
      contents: .file(byteCount: output.byteCount), rowCount: output.rowCount, keys: output.keys,
      fileNumber: number)
  }

  /// Gives a file the name that its place calls for. Places never exceed the numbers of files, and
  /// rise with them, so the name is free.
  private func rename(_ segment: inout LoadedSegment, to place: Int) throws {
    guard let number = segment.fileNumber, number != place else { return }
    try store.files.rename(path(number), to: path(place))
    segment.fileNumber = place
  }
}

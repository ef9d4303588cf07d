import InvertedIndex
import SegmentFormat
import StorageBase
import StorageIO
import Synchronization
import TabletModel

/// An immutable rowset that can be read: its facts and its segments. Snapshots hold it; once it
/// has been swept, its files go with the last snapshot. Thread-safe.
public final class Rowset: Sendable {
  public let id: RowsetID
  public let summary: RowsetSummary
  /// The segments of its rows: in row order of the load, or in key order for a compaction's output.
  public let segments: [RowsetSegment]
  /// Segments with new values of some columns for rows of older rowsets.
  public let deltas: [RowsetSegment]
  private let contents: RowsetContents

  /// - Parameter segments: those of rows, then the deltas.
  init(meta: RowsetMeta, segments: [RowsetSegment], files: any FileSystem) {
    precondition(meta.segments.count == segments.count)
    id = meta.entry.id
    summary = meta.entry.summary
    let rowSegmentCount = segments.count - summary.deltaCount
    self.segments = Array(segments[..<rowSegmentCount])
    deltas = Array(segments[rowSegmentCount...])
    contents = RowsetContents(segments: segments, files: files)
  }

  private init(_ other: Rowset, meta: RowsetMeta) {
    id = meta.entry.id
    summary = meta.entry.summary
    segments = other.segments
    deltas = other.deltas
    contents = other.contents
  }

  /// The same rows as a version of their tablet. The files stay until both are let go.
  func published(as version: Version, at now: Timestamp) -> Rowset {
    Rowset(self, meta: meta.published(as: version, at: now))
  }

  /// Lets the files be removed when the last holder lets go.
  func markSwept() { contents.markSwept() }

  /// All its segments, by ordinal.
  public var allSegments: [RowsetSegment] { contents.segments }

  var meta: RowsetMeta {
    RowsetMeta(
      entry: RowsetEntry(id: id, summary: summary), segments: allSegments.map(\.placement))
  }
}

/// The segments of a rowset, before and after it has become a version: a backup may hold it from
/// before while readers and compactions have come and gone. Thread-safe.
private final class RowsetContents: Sendable {
  let segments: [RowsetSegment]
  private let files: any FileSystem
  private let isSwept = Atomic<Bool>(false)

  init(segments: [RowsetSegment], files: any FileSystem) {
    self.segments = segments
    self.files = files
  }

  deinit {
    guard isSwept.load(ordering: .acquiring) else { return }
    // A file that cannot be removed now is removed as an orphan when the store is next opened.
    for segment in segments {
      segment.forgetIndexes()
      if case .file = segment.placement { do { try files.remove(segment.path) } catch {} }
    }
  }

  func markSwept() { isSwept.store(true, ordering: .releasing) }
}

/// One segment of a rowset, opened when it is read and kept so by the cache of the store.
/// Thread-safe.
public final class RowsetSegment: Sendable {
  /// The file, or the log file and offset for an inline segment.
  public let path: String
  let rowset: RowsetID
  /// Among the segments of the rowset.
  let ordinal: Int
  let placement: SegmentPlacement
  /// Keeps opened indexes and what they answered, for all segments of a store.
  public let indexCache: IndexCache
  /// Keeps pages of row stores, for all segments of a store.
  let rowCache: RowPageCache
  /// Keeps decoded pages, for all segments of a store.
  private let pageCache: ColumnPageCache
  /// Keeps segments opened, for all segments of a store.
  private let segmentCache: SegmentCache
  private let slot = SegmentSlot()
  /// Names its pages in caches, whatever reader reads them.
  let identity = SegmentReader.newIdentity()
  /// The rows that later versions have deleted; only unique-key tables have any.
  let deletes = DeleteVector()
  /// The rows that later versions have given new values; only of tables with partial updates.
  let patches = PatchVector()
  /// What tells its bytes from others, once somebody has asked.
  let fingerprint = Mutex<FileFingerprint?>(nil)
  private let open: @Sendable () throws -> any ReadableFile

  init(
    path: String, rowset: RowsetID, ordinal: Int, placement: SegmentPlacement,
    caches: StoreCaches, open: @escaping @Sendable () throws -> any ReadableFile
  ) {
    self.path = path
    self.rowset = rowset
    self.ordinal = ordinal
    self.placement = placement
    indexCache = caches.indexes
    rowCache = caches.rows
    pageCache = caches.pages
    segmentCache = caches.segments
    self.open = open
  }

  deinit { segmentCache.remove(slot) }

  public var isInline: Bool {
    if case .inline = placement { true } else { false }
  }

  public var byteCount: Int { placement.byteCount }

  /// Lets the cache let go of the file.
  func forgetIndexes() {
    if slot.state.withLock({ $0.hasInvertedIndexes }) { indexCache.remove(path: path) }
  }

  /// The file anew, apart from the reader that others use.
  func openFile() throws -> any ReadableFile { try open() }

  /// The reader, opened and checked if the cache does not have it opened. Whoever may outlive the
  /// rowset keeps what this returns: when the rowset is gone the file cannot be opened again.
  /// - Throws: `StorageError` when the file is missing or its footer is damaged.
  public func reader() throws -> SegmentReader { try opened().reader }

  /// The same with what has been made of it.
  func opened() throws -> OpenedSegment {
    try segmentCache.opened(slot) { onGrowth in
      let file = try open()
      guard file.byteCount == UInt64(placement.byteCount) else {
        throw StorageError.corrupt(
          file: path, offset: 0, what: "segment length", expected: "\(placement.byteCount) bytes",
          found: "\(file.byteCount)")
      }
      return try SegmentReader(
        file: file, pageCache: pageCache, identity: identity, onGrowth: onGrowth)
    }
  }
}

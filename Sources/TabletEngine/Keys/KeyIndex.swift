import ScanKernels
import SegmentFormat
import StorageBase

/// What becomes of rows when others of their keys are published.
struct Displacement {
  /// Older rows, which are deleted from the version on.
  var older: [(segment: RowsetSegment, rows: [UInt32])] = []
  /// Rows of the published segment itself that have come too late: what there is has a greater
  /// sequence value.
  var lost: [UInt32] = []
  /// Rows of a partial load that would be completed from something else now.
  var changedRowCount = 0
  /// What taking it back takes; of indexes that change when they publish.
  var exchange: RowExchange?

  /// Adds a row, mostly of the segment of the one before.
  mutating func displace(_ row: RowLocation) {
    if let last = older.indices.last, older[last].segment === row.segment {
      older[last].rows.append(row.row)
    } else {
      older.append((row.segment, [row.row]))
    }
  }
}

/// Finds the newest row of each key of one tablet: the part of a unique-key table that is chosen by
/// `UniqueKeyOptions.index`. Thread-safe; everything that changes it is called by one thread at a
/// time, the one that publishes.
///
/// What is published may have to be taken back, newest first, when it cannot be made durable. From
/// `hold` until `release`, which is after that, an index forgets nothing that it knows.
protocol KeyIndex: AnyObject, Sendable {
  /// Prepares rows that are to be published. Called by loaders.
  /// - Parameters:
  ///   - keys: the key columns of rows in key order, no key twice.
  ///   - sequence: the sequence column.
  ///   - tablet: what may be looked at already; nil for nothing.
  func prepare(
    keys: [ColumnVector], sequence: ColumnVector?, deleteSigns: Bitmap?,
    over tablet: TabletSnapshot?
  ) throws -> SegmentKeys

  /// Before anything is published or moved by a group of commits.
  func hold()
  /// Makes sure that the rows of `tablet` are known: the state that is changed next.
  /// - Precondition: it is held.
  func open(_ tablet: TabletSnapshot) throws
  /// What has changed since `hold` is settled.
  /// - Parameter isKept: false when all of it was taken back.
  func release(isKept: Bool)

  /// Makes rows the newest of their keys, at the next version of the tablet.
  /// - Parameter earlier: segments of the same rowset that have been published before it.
  func publish(
    _ keys: SegmentKeys, of segment: RowsetSegment, earlier: [RowsetSegment],
    over tablet: TabletSnapshot
  ) throws -> Displacement
  /// Finds the rows that a delta has new values for, at the next version of the tablet. Sequences
  /// that it gives are those of the rows from then on, where these have none that are greater.
  /// Nothing has changed when there is a key without a row.
  func publish(_ delta: DeltaKeys, over tablet: TabletSnapshot) throws -> PatchTargets
  /// Takes that back, in the same order as segments.
  func takeBack(_ delta: DeltaKeys, _ exchange: RowExchange)
  /// Takes back the publication of a segment, the last one that has not been taken back.
  /// - Parameter exchange: what publishing it has returned.
  func takeBack(_ segment: RowsetSegment, _ keys: SegmentKeys, _ exchange: RowExchange?)

  /// Rows have moved into the output of a compaction, which takes the place of its inputs now.
  /// - Returns: whether that is to be taken back or confirmed; false where nothing is known of
  ///   them.
  /// - Precondition: it is held.
  func move(_ rows: MovedRows) throws -> Bool
  /// Takes that back.
  func moveBack(_ rows: MovedRows)
  /// It will not be taken back.
  func confirm(_ rows: MovedRows)
  /// Work that may be done while others go on: nothing depends on it but speed.
  func follow(_ rows: MovedRows) throws
  /// After that, with nobody publishing: the inputs are forgotten.
  func forget(_ rows: MovedRows)

  /// Where the row is that a reader of `tablet` sees of each key, in a segment of that snapshot.
  /// - Parameter opensIndex: whether rows are made known for it, as by `open`; else only when keys
  ///   that were looked for without that have come to cost as much.
  func locate(
    _ keys: SoughtKeys, in tablet: TabletSnapshot, opensIndex: Bool
  ) throws -> KeyLocations
  /// What is known of one key without a look at the segments.
  /// - Parameter key: values of the key columns.
  func find(_ key: [Value], in tablet: TabletSnapshot) throws -> KeyFinding

  /// Bytes of memory, and keys in it; nil when that is not known.
  var memory: (byteCount: Int, keyCount: Int)? { get }
}

extension KeyIndex {
  func locate(_ keys: SoughtKeys, in tablet: TabletSnapshot) throws -> KeyLocations {
    try locate(keys, in: tablet, opensIndex: true)
  }
}

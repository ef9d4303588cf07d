import SegmentFormat
import StorageBase
import StorageIO

/// Makes one segment of several that a load has written, before anybody has seen them.
///
/// Of rows with one key the newest stays, as if they had been in one buffer: the one with the
/// greatest sequence value, else the last. Deletions stay, since older rows are elsewhere.
struct SegmentJoin {
  let store: Store
  let tablet: TabletSnapshot
  let definition: TableDefinition

  /// - Parameters:
  ///   - segments: in the order they came in.
  ///   - file: takes the new one; not synced yet.
  ///   - path: of that file.
  /// - Returns: rows and bytes of the new segment, and what publishing it takes.
  /// - Throws: `StorageError`.
  func join(
    _ segments: [String], into file: any WritableFile, path: String
  ) throws -> (rowCount: Int, byteCount: Int, keys: SegmentKeys?) {
    let inputs = try segments.map { path in
      let reader = try SegmentReader(
        file: store.files.openForReading(path, cause: .segmentCompaction))
      return MergeInput(segments: [reader])
    }
    let merger = try SegmentMerger(joiningLoadInto: definition)
    func sink(_ ordinal: Int) -> any SegmentSink {
      precondition(ordinal == 0, "a merge without a limit of rows has one output")
      return FileSink(file)
    }
    let result = try merger.merge(inputs, isCancelled: { false }, sink: sink)
    let rowCount = inputs.reduce(0) { $0 + $1.rowCount }
    guard let output = result.segments.first,
      definition.uniqueKeys != nil ? output.rowCount <= rowCount : output.rowCount == rowCount
    else {
      throw StorageError.corrupt(
        file: path, offset: 0, what: "merge of segments of a load", expected: "\(rowCount) rows",
        found: "\(result.rowCount)")
    }
    return (output.rowCount, output.byteCount, try keys(path: path, byteCount: output.byteCount))
  }

  /// What publishing the rows of the file takes, read back from its keys.
  private func keys(path: String, byteCount: Int) throws -> SegmentKeys? {
    guard let keys = tablet.keys, keys.index != nil else { return nil }
    let files = store.files
    return try keys.keys(
      of: RowsetSegment(
        path: path, rowset: RowsetID(rawValue: 0), ordinal: 0,
        placement: .file(byteCount: byteCount),
        caches: store.caches
      ) {
        try files.openForReading(path, cause: .segmentCompaction)
      })
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// One sorted sequence of rows to merge: segments whose key ranges follow one another.
struct MergeInput {
  let segments: [SegmentReader]
  /// By segment, the rows that are left out unless they are deletions that still count; empty for
  /// none at all.
  private let deleted: [DeletedRows?]
  /// By segment, the new values that its rows get; empty for none at all.
  private let patched: [PatchedRows?]

  init(
    segments: [SegmentReader], deleted: [DeletedRows?] = [], patched: [PatchedRows?] = []
  ) {
    precondition(deleted.isEmpty || deleted.count == segments.count)
    precondition(patched.isEmpty || patched.count == segments.count)
    self.segments = segments
    self.deleted = deleted
    self.patched = patched
  }

  func patchedRows(ofSegment segment: Int) -> PatchedRows? {
    patched.isEmpty ? nil : patched[segment]
  }

  func deletedRows(ofSegment segment: Int) -> DeletedRows? {
    deleted.isEmpty ? nil : deleted[segment]
  }

  /// Where the rows of a segment begin among those of the input.
  func firstRow(ofSegment segment: Int) -> Int {
    segments[..<segment].reduce(0) { $0 + $1.rowCount }
  }

  /// A place in an input. Pages line up across columns, so it is the same for all of them.
  struct Position: Hashable {
    var segment = 0
    var page = 0
    /// Within the page.
    var row = 0
  }

  /// The page at `position` of one column, or nil at the end.
  ///
  /// - Parameter column: the column as the output has it; a segment may be of an older schema.
  func page(
    _ position: Position, column: Column, work: inout PageWork
  ) throws -> ColumnVector? {
    guard position.segment < segments.count else { return nil }
    let reader = segments[position.segment]
    return try reader.readPage(of: column, page: position.page, work: &work)
  }

  /// The start of the page after the one at `position`.
  func pageAfter(_ position: Position) -> Position {
    var next = Position(segment: position.segment, page: position.page + 1)
    if next.page == segments[position.segment].pageCount {
      next = Position(segment: position.segment + 1)
    }
    return next
  }

  var rowCount: Int { segments.reduce(0) { $0 + $1.rowCount } }
}

extension Rowset {
  /// The rowset as sequences that are each in key order: one, unless its segments overlap.
  /// - Parameters:
  ///   - version: what is deleted for a reader at this version is marked; nil for nothing.
  ///   - deltas: those whose new values the rows get.
  func sortedStreams(
    at version: Version? = nil, with deltas: [DeltaID: RowsetSegment] = [:]
  ) throws -> [MergeInput] {
    let readers = try segments.map { try $0.reader() }
    let deleted = version.map { version in segments.map { $0.deletes.rows(at: version) } } ?? []
    let patched = deltas.isEmpty ? [] : segments.map { $0.patches.rowsOnce(in: deltas) }
    if summary.segmentsOverlap {
      return readers.indices.map {
        MergeInput(
          segments: [readers[$0]], deleted: deleted.isEmpty ? [] : [deleted[$0]],
          patched: patched.isEmpty ? [] : [patched[$0]])
      }
    }
    return readers.isEmpty
      ? [] : [MergeInput(segments: readers, deleted: deleted, patched: patched)]
  }
}

import StorageBase

/// A segment as one snapshot of its tablet sees it.
public struct LiveSegment: Sendable {
  public let segment: RowsetSegment
  /// The rows that are not there for the snapshot; nil for none.
  public let deleted: DeletedRows?
  /// The new values that rows have for the snapshot; nil for none.
  public let patched: PatchedRows?

  init(segment: RowsetSegment, deleted: DeletedRows? = nil, patched: PatchedRows? = nil) {
    self.segment = segment
    self.deleted = deleted
    self.patched = patched
  }
}

extension TabletSnapshot {
  /// The segments to read, oldest rowset first, and which of their rows there are.
  ///
  /// Where keys are unique and merged on read this reads the keys of all rows, once for a snapshot;
  /// else it costs what has been deleted since somebody last asked.
  /// - Throws: what reading the keys throws.
  public func liveSegments() throws -> [LiveSegment] {
    guard let keys else { return segments.map { LiveSegment(segment: $0) } }
    switch keys.options.merge {
    case .onWrite:
      return segments.map { segment in
        LiveSegment(
          segment: segment, deleted: segment.deletes.rows(at: version),
          patched: patches(of: segment))
      }
    case .onRead: return try readMerge?.segments(of: self, keys) ?? []
    }
  }

  /// Makes one of what versions have deleted that nobody can tell apart any more.
  func trimDeletes() {
    guard let oldest = keys?.readers.oldest else { return }
    for rowset in allRowsets {
      for segment in rowset.segments { segment.deletes.trim(to: oldest) }
    }
  }

  /// Bytes of memory that say which rows are deleted by which versions, without the bitmaps that
  /// readers have made of them.
  public var deleteByteCount: Int {
    guard keys != nil else { return 0 }
    return (allRowsets).flatMap(\.segments).reduce(0) {
      $0 + $1.deletes.history.entries.reduce(0) { $0 + $1.rows.count * 4 }
    }
  }

  /// Bytes and keys of the key index in memory; nil when there is none, or nobody has needed it
  /// yet.
  public var keyIndexMemory: (byteCount: Int, keyCount: Int)? { keys?.index?.memory }

  /// Rows that a reader sees. Costs what `liveSegments` costs.
  public func liveRowCount() throws -> Int {
    try liveSegments().reduce(rowCount) { $0 - ($1.deleted?.count ?? 0) }
  }
}

import StorageBase
import TabletModel

/// A change of a unique-key tablet that is not part of the catalogue.
enum KeyChange {
  /// A segment was published through an index, which has exchanged these entries.
  case published(RowsetSegment, SegmentKeys, RowExchange?, any KeyIndex)
  /// Rows were deleted by a version that is not visible yet.
  case deleted(RowsetSegment, from: Version)
  case moved(MovedRows, any KeyIndex)
}

// Keeping keys unique: rows that become visible take the place of older ones.
extension CommitGroup {
  /// Finds the older rows of the keys of a load, deletes them as of the version of the load, and
  /// says so in the log. The catalogue is the one before the load.
  ///
  /// - Parameter keys: by rowset and segment; read from the segments where they are not known.
  /// - Throws: `PartialUpdateConflict` when rows were completed from what is not there any more.
  mutating func resolveKeys(
    of rowsets: [(tablet: TabletID, rowset: Rowset)], _ keys: [[SegmentKeys?]]
  ) throws {
    for (part, (id, rowset)) in rowsets.enumerated() {
      let tablet = try catalogue.requireTablet(id)
      guard let tabletKeys = tablet.keys, let index = tabletKeys.index else { continue }
      try index.open(tablet)
      let version = rowset.summary.versions.last
      var record = DeletedRowsRecord(tablet: id)
      for (ordinal, segment) in rowset.segments.enumerated() {
        let known = part < keys.count && ordinal < keys[part].count ? keys[part][ordinal] : nil
        guard let known = try known ?? tabletKeys.keys(of: segment) else { continue }
        let displaced = try index.publish(
          known, of: segment, earlier: Array(rowset.segments[..<ordinal]), over: tablet)
        keyChanges.append(.published(segment, known, displaced.exchange, index))
        guard displaced.changedRowCount == 0 else {
          throw PartialUpdateConflict(rowCount: displaced.changedRowCount)
        }
        for (older, rows) in displaced.older { delete(rows, of: older, at: version, &record) }
        let own =
          displaced.lost.isEmpty
          ? known.deleteSigns : Set(known.deleteSigns + displaced.lost).sorted()
        delete(own, of: segment, at: version, &record)
      }
      if !record.parts.isEmpty { LogRecord.deleteRows(record).encode(into: &frame.bytes) }
    }
  }

  private mutating func delete(
    _ rows: [UInt32], of segment: RowsetSegment, at version: Version,
    _ record: inout DeletedRowsRecord
  ) {
    guard !rows.isEmpty else { return }
    keyChanges.append(.deleted(segment, from: version))
    segment.deletes.add(rows, version: version)
    record.append(rows, of: segment, at: version)
  }

  /// Brings what was deleted while a compaction ran over to its output.
  mutating func move(_ moved: MovedRows, on id: TabletID) throws {
    let tablet = try catalogue.requireTablet(id)
    var record = DeletedRowsRecord(tablet: id)
    for (segment, version, rows) in moved.convertedDeletes() {
      segment.deletes.add(rows, version: version)
      record.append(rows, of: segment, at: version)
    }
    if !record.parts.isEmpty { LogRecord.deleteRows(record).encode(into: &frame.bytes) }
    guard let index = tablet.keys?.index else { return }
    try index.open(tablet)
    try index.move(moved)
    keyChanges.append(.moved(moved, index))
  }

  /// Takes back all changes but the first ones, the newest first.
  mutating func takeBackKeyChanges(after count: Int = 0) {
    while keyChanges.count > count {
      switch keyChanges.removeLast() {
      case .published(let segment, let keys, let exchange, let index):
        index.takeBack(segment, keys, exchange)
      case .deleted(let segment, let version): segment.deletes.removeEntries(from: version)
      case .moved(let moved, let index): index.moveBack(moved)
      }
    }
  }

  /// The group is durable: nothing will be taken back.
  func confirmKeyChanges() {
    for change in keyChanges {
      switch change {
      case .moved(let moved, let index): index.confirm(moved)
      case .published, .deleted: break
      }
    }
  }
}

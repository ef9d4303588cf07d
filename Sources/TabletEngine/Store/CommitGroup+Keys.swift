import StorageBase
import TabletModel

/// A change of a unique-key tablet that is not part of the catalogue.
enum KeyChange {
  /// A segment was published through an index, which has exchanged these entries.
  case published(RowsetSegment, SegmentKeys, RowExchange?, any KeyIndex)
  /// Rows were deleted by a version that is not visible yet.
  case deleted(RowsetSegment, from: Version)
  /// Rows were given new values by the deltas of a rowset that is not visible yet.
  case patched(RowsetSegment, by: RowsetID)
  /// Rows have greater sequences from a delta that was published through an index.
  case raised(DeltaKeys, RowExchange, any KeyIndex)
  case moved(MovedRows, any KeyIndex)
}

// Keeping keys unique: rows that become visible take the place of older ones.
extension CommitGroup {
  /// Finds the older rows of the keys of a load, deletes them as of the version of the load, and
  /// says so in the log; those that a delta has new values for it remembers with these. The
  /// catalogue is the one before the load.
  ///
  /// - Parameter keys: by rowset; read from the segments where they are not known.
  /// - Throws: `PartialUpdateConflict` when rows were completed from what is not there any more.
  mutating func resolveKeys(
    of rowsets: [(tablet: TabletID, rowset: Rowset)], _ keys: [PartKeys]
  ) throws {
    for (part, (id, rowset)) in rowsets.enumerated() {
      let tablet = try catalogue.requireTablet(id)
      guard let tabletKeys = tablet.keys, let index = tabletKeys.index else { continue }
      hold(index, of: id)
      try index.open(tablet)
      let version = rowset.summary.versions.last
      let keys = part < keys.count ? keys[part] : PartKeys()
      try patchRows(by: rowset, keys.deltas, of: tablet, tabletKeys)
      var record = DeletedRowsRecord(tablet: id)
      for (ordinal, segment) in rowset.segments.enumerated() {
        let known = ordinal < keys.segments.count ? keys.segments[ordinal] : nil
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

  /// Finds the rows that the deltas of a load have new values for.
  /// - Parameter keys: by delta; read from the deltas where they are not known.
  /// - Throws: `PartialUpdateConflict` when there is no row of a key any more.
  private mutating func patchRows(
    by rowset: Rowset, _ keys: [DeltaKeys], of tablet: TabletSnapshot, _ tabletKeys: TabletKeys
  ) throws {
    guard !rowset.deltas.isEmpty, let index = tabletKeys.index else { return }
    var record = PatchedRowsRecord(tablet: tablet.id)
    var missingCount = 0
    for (ordinal, delta) in rowset.deltas.enumerated() {
      let known = try ordinal < keys.count ? keys[ordinal] : tabletKeys.keys(ofDelta: delta)
      let targets = try index.publish(known, over: tablet)
      if let exchange = targets.exchange { keyChanges.append(.raised(known, exchange, index)) }
      let locations = targets.locations
      var pairs = locations.segments.map { _ in [(row: UInt32, deltaRow: UInt32)]() }
      for key in 0..<locations.count {
        guard locations.hasRow(key) else {
          missingCount += 1
          continue
        }
        if targets.hasLost(key) { continue }
        pairs[Int(locations.segmentNumbers[key])].append((locations.rows[key], UInt32(key)))
      }
      for (segment, pairs) in zip(locations.segments, pairs) where !pairs.isEmpty {
        let entry = PatchVector.Entry(
          delta, version: rowset.summary.versions.last, PatchPairs(pairs))
        patch(segment, entry, &record)
      }
    }
    guard missingCount == 0 else { throw PartialUpdateConflict(rowCount: missingCount) }
    if !record.parts.isEmpty { LogRecord.patchRows(record).encode(into: &frame.bytes) }
  }

  private mutating func patch(
    _ segment: RowsetSegment, _ entry: PatchVector.Entry, _ record: inout PatchedRowsRecord
  ) {
    keyChanges.append(.patched(segment, by: entry.id.rowset))
    segment.patches.add(entry)
    record.append(entry, of: segment)
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
    for deletes in moved.convertedDeletes() {
      deletes.segment.deletes.add(deletes.rows, version: deletes.version)
      record.append(deletes.rows, of: deletes.segment, at: deletes.version)
    }
    if !record.parts.isEmpty { LogRecord.deleteRows(record).encode(into: &frame.bytes) }
    movePatches(moved, on: tablet)
    guard let index = tablet.keys?.index else { return }
    hold(index, of: id)
    if try index.move(moved) { keyChanges.append(.moved(moved, index)) }
  }

  /// Keeps what an index knows until the group is settled.
  private mutating func hold(_ index: any KeyIndex, of tablet: TabletID) {
    guard heldIndexes.updateValue(index, forKey: tablet) == nil else { return }
    index.hold()
  }

  /// Lets go of the indexes once the group is durable and its catalogue the one of the store, or
  /// once all of it has been taken back.
  /// - Parameter catalogue: the one of the store.
  func releaseIndexes(isKept: Bool, _ catalogue: Catalogue) {
    // In an order that depends on nothing but the group.
    for (id, index) in heldIndexes.sorted(by: { $0.key < $1.key }) {
      catalogue.tablet(id)?.settle()
      index.release(isKept: isKept)
    }
  }

  /// Brings the new values of later deltas over to the output of a compaction, and those of the
  /// deltas that it merged to the rows that they are for.
  private mutating func movePatches(_ moved: MovedRows, on tablet: TabletSnapshot) {
    var record = PatchedRowsRecord(tablet: tablet.id)
    let converted = moved.convertedPatches()
    // Asked for only where it is needed: it is linear in what is kept of the past.
    let ids = converted.isEmpty ? [] : tablet.rowsetIDs
    for (segment, entry) in converted where ids.contains(entry.id.rowset) {
      patch(segment, entry, &record)
    }
    if let deltas = moved.deltas {
      for segment in tablet.segments {
        for entry in deltas.entries(of: segment) { patch(segment, entry, &record) }
      }
    }
    if !record.parts.isEmpty { LogRecord.patchRows(record).encode(into: &frame.bytes) }
  }

  /// Says of the rows of repaired rowsets what versions had said of them before. The catalogue is
  /// the one after the repair.
  mutating func takeOver(_ changes: RepairedChanges) {
    for record in changes.deletes {
      let tablet = catalogue.tablet(record.tablet)
      for part in record.parts {
        guard let rowset = tablet?.rowsets.first(where: { $0.id == part.rowset }) else {
          preconditionFailure("rows of the tablet")
        }
        rowset.segments[part.segment].deletes.add(part.rows, version: part.version)
      }
      LogRecord.deleteRows(record).encode(into: &frame.bytes)
    }
    for record in changes.patches {
      guard let tablet = catalogue.tablet(record.tablet) else { continue }
      let rowsets = tablet.rowsets + Array(tablet.stale.values)
      let deltas = rowsets.deltas
      for part in record.parts {
        guard let delta = deltas[part.delta],
          let segment = rowsets.first(where: { $0.id == part.rowset })?.segments[part.segment]
        else { preconditionFailure("rows and deltas of the tablet") }
        keyChanges.append(.patched(segment, by: part.delta.rowset))
        segment.patches.add(PatchVector.Entry(delta, version: part.version, part.pairs))
      }
      LogRecord.patchRows(record).encode(into: &frame.bytes)
    }
  }

  /// Takes back all changes but the first ones, the newest first.
  mutating func takeBackKeyChanges(after count: Int = 0) {
    while keyChanges.count > count {
      switch keyChanges.removeLast() {
      case .published(let segment, let keys, let exchange, let index):
        index.takeBack(segment, keys, exchange)
      case .deleted(let segment, let version): segment.deletes.removeEntries(from: version)
      case .patched(let segment, let rowset): segment.patches.remove(rowset)
      case .raised(let keys, let exchange, let index): index.takeBack(keys, exchange)
      case .moved(let moved, let index): index.moveBack(moved)
      }
    }
  }

  /// The group is durable: nothing will be taken back.
  func confirmKeyChanges() {
    for change in keyChanges {
      switch change {
      case .moved(let moved, let index): index.confirm(moved)
      case .published, .deleted, .patched, .raised: break
      }
    }
  }
}

import StorageBase
import StorageIO
import TabletModel

extension Store {
  /// A readable rowset from its description. `inline` has the bytes of inline segments by ordinal.
  func makeRowset(_ meta: RowsetMeta, tablet: TabletID, inline: [[UInt8]?]) -> Rowset {
    RowsetFactory(files: files, layout: layout, caches: caches)
      .make(meta, tablet: tablet, inline: inline)
  }
}

/// Builds readable rowsets. Files are opened when first read; inline segments are held in memory.
struct RowsetFactory: Sendable {
  let files: any FileSystem
  let layout: StoreLayout
  let caches: StoreCaches

  func make(_ meta: RowsetMeta, tablet: TabletID, inline: [[UInt8]?] = []) -> Rowset {
    let segments = meta.segments.enumerated().map { ordinal, placement in
      segment(
        meta.entry.id, tablet: tablet, ordinal: ordinal, placement: placement,
        bytes: ordinal < inline.count ? inline[ordinal] : nil)
    }
    return Rowset(meta: meta, segments: segments, files: files)
  }

  private func segment(
    _ rowset: RowsetID, tablet: TabletID, ordinal: Int, placement: SegmentPlacement,
    bytes: [UInt8]?
  ) -> RowsetSegment {
    let files = files
    switch placement {
    case .file:
      let path = layout.segment(tablet: tablet, rowset: rowset, ordinal: ordinal)
      return RowsetSegment(
        path: path, rowset: rowset, ordinal: ordinal, placement: placement, caches: caches
      ) {
        try files.openForReading(path, cause: .query)
      }
    case .inline(let position, _):
      // In memory from the start: the log file may be removed while a snapshot still reads.
      let path = "\(layout.log(position.file))@\(position.offset)"
      let file = MemoryFile(path: path, bytes: bytes ?? [])
      return RowsetSegment(
        path: path, rowset: rowset, ordinal: ordinal, placement: placement, caches: caches
      ) { file }
    }
  }
}

extension TableSnapshot {
  /// The table as it is when created: empty tablets.
  /// - Parameter sequence: the last commit of the store before it.
  /// - Parameter storeID: of the store, which nobody outside knows.
  convenience init(
    _ creation: TableCreation, sequence: UInt64, files: any FileSystem, storeID: UInt64,
    caches: StoreCaches
  ) {
    self.init(
      id: creation.id, definition: creation.definition, createdAt: creation.createdAt,
      tablets: creation.tablets.map { tablet in
        let state = TabletState(
          id: tablet.id, initialRowset: tablet.initialRowset, at: creation.createdAt,
          sequence: sequence)
        let rowsets = state.rowsets.map {
          Rowset(meta: RowsetMeta(entry: $0, segments: []), segments: [], files: files)
        }
        return TabletSnapshot(
          state: state, rowsets: SharedArray(rowsets), stale: StaleRowsets(),
          keys: TabletKeys(
            creation.definition, seed: mixBits(storeID ^ tablet.id.rawValue),
            cache: caches.keyIndexes))
      })
  }
}

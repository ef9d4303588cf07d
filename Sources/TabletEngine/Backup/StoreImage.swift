import StorageBase
import TabletModel

/// All that makes up a store at one moment, as names of immutable files and a checkpoint that
/// refers to them.
struct StoreImage {
  let identity: StoreIdentity
  /// Where the files are.
  let source: StoreLayout
  /// Visible rowsets only: nobody has a snapshot of an older version of a store that is new.
  let checkpoint: Checkpoint
  /// Log files from this one on may still be appended to or cut, so that a second name of them
  /// would not be a copy.
  let firstMutableLog: UInt32

  init(
    identity: StoreIdentity, source: StoreLayout, checkpoint: Checkpoint, firstMutableLog: UInt32
  ) {
    self.identity = identity
    self.source = source
    self.checkpoint = checkpoint.withoutStaleRowsets
    self.firstMutableLog = firstMutableLog
  }

  /// A file under the root of the store.
  struct File {
    let path: (StoreLayout) -> String
    let byteCount: Int
    let isImmutable: Bool
  }

  var tablets: [Checkpoint.Tablet] { checkpoint.tables.flatMap(\.tablets) }

  /// The segment files of a tablet, also those of loads that wait for a decision: a client that
  /// was promised that it can commit its load can do so in the copy as well.
  func segments(of tablet: Checkpoint.Tablet) -> [File] {
    rowsets(of: tablet).flatMap { rowset in
      rowset.segments.enumerated().compactMap { ordinal, placement -> File? in
        guard case .file(let byteCount) = placement else { return nil }
        return File(
          path: { $0.segment(tablet: tablet.state.id, rowset: rowset.entry.id, ordinal: ordinal) },
          byteCount: byteCount, isImmutable: true)
      }
    }
  }

  private func rowsets(of tablet: Checkpoint.Tablet) -> [RowsetMeta] {
    let visible = tablet.state.rowsets.map { entry in
      RowsetMeta(entry: entry, segments: tablet.placements[entry.id] ?? [])
    }
    let pending = checkpoint.transactions.pending.flatMap(\.parts)
    return visible + pending.filter { $0.tablet == tablet.state.id }.map(\.rowset)
  }
}

extension Checkpoint {
  fileprivate var withoutStaleRowsets: Checkpoint {
    var checkpoint = self
    for table in tables.indices {
      for tablet in tables[table].tablets.indices {
        let state = tables[table].tablets[tablet].state
        let visible = Set(state.rowsets.map(\.id))
        let whole = tables[table].tablets[tablet]
        checkpoint.tables[table].tablets[tablet] = Tablet(
          state: state.withoutStaleRowsets,
          placements: whole.placements.filter { visible.contains($0.key) },
          deletes: whole.deletes.filter { visible.contains($0.key) },
          patches: whole.patches.filter {
            visible.contains($0.rowset) && visible.contains($0.delta.rowset)
          })
      }
    }
    return checkpoint
  }
}

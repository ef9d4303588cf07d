import StorageBase
import Synchronization
import TabletModel

/// A tablet at one version: what a reader sees, unchanged while it is held. Immutable.
public final class TabletSnapshot: Sendable {
  public let state: TabletState
  /// The visible rowsets, in version order.
  public let rowsets: SharedArray<Rowset>
  /// Replaced rowsets that are kept for a while.
  let stale: StaleRowsets
  /// What keeps keys unique; nil when they are not.
  let keys: TabletKeys?
  /// Whether it was asked for after other versions had come.
  let isPast: Bool
  /// Tells its rowsets from those of other snapshots of the tablet, in this process; 0 for the past
  /// and for tablets whose keys are not unique.
  private let revision: UInt64
  /// Of merge-on-read tables.
  let readMerge: ReadMerge?
  private let deltas = AtomicLazyReference<VisibleDeltas>()

  /// - Parameter revision: of a snapshot with the same rowsets; nil when there is none.
  /// - Precondition: the rowsets are those of the state.
  init(
    state: TabletState, rowsets: SharedArray<Rowset>, stale: StaleRowsets, keys: TabletKeys?,
    isPast: Bool = false, revision: UInt64? = nil
  ) {
    // All of them would make the cost of a load depend on how many there are.
    precondition(state.rowsets.count == rowsets.count)
    precondition(state.rowsets.last?.id == rowsets.last?.id)
    self.state = state
    self.rowsets = rowsets
    self.stale = stale
    self.keys = keys
    self.isPast = isPast
    self.revision = isPast ? 0 : revision ?? keys?.nextRevision() ?? 0
    readMerge = keys?.options.merge == .onRead ? ReadMerge() : nil
    keys?.readers.enter(state.history.oldest.version)
  }

  deinit { keys?.readers.leave(state.history.oldest.version) }

  /// Whether it shows the newest state of its tablet, and nobody is about to change that.
  var isNewest: Bool { keys?.isNewest(revision) ?? false }

  /// It is the newest state: what was made of it meanwhile has been given up.
  func settle() { keys?.settle(at: revision) }

  public var id: TabletID { state.id }
  public var version: Version { state.maxVersion }
  /// Rows of all rowsets, those included that readers do not see because their keys have newer
  /// ones.
  public var rowCount: Int { rowsets.reduce(0) { $0 + $1.summary.rowCount } }
  public var byteCount: Int { rowsets.reduce(0) { $0 + $1.summary.byteCount } }
  /// Bytes of replaced rowsets that are still on disk.
  public var staleByteCount: Int { stale.values.reduce(0) { $0 + $1.summary.byteCount } }

  /// All rowsets of the tablet, visible and replaced; readers may hold others that were swept.
  var allRowsets: [Rowset] { rowsets + stale.values }
  var rowsetIDs: Set<RowsetID> { Set(allRowsets.map(\.id)) }
  var rowsetsByID: [RowsetID: Rowset] {
    Dictionary(allRowsets.map { ($0.id, $0) }) { $1 }
  }

  /// The new values that rows of one of its segments have; nil for none. O(1) where nobody has ever
  /// given any, else see `PatchVector.rows`.
  func patches(of segment: RowsetSegment) -> PatchedRows? {
    if segment.patches.isEmpty { return nil }
    let deltas = deltas.load() ?? deltas.storeIfNil(VisibleDeltas(rowsets.deltas))
    return segment.patches.rows(in: deltas.byID)
  }

  /// The segments to read, oldest rowset first.
  public var segments: [RowsetSegment] { rowsets.flatMap(\.segments) }

  /// The tablet as it was at an older version, for as long as the rowsets it needs are kept.
  /// - Throws: `StorageError.invalidArgument` when the version was never reached or has been swept.
  public func segments(at version: Version) throws -> [RowsetSegment] {
    let entries: [RowsetEntry]
    do {
      entries = try state.entries(at: version)
    } catch {
      throw StorageError.invalidArgument(
        name: "version of tablet \(id)", value: "\(version)",
        reason: "versions 1 to \(self.version) have existed, and this one is not kept any more")
    }
    let byID = rowsetsByID
    return entries.compactMap { byID[$0.id] }.flatMap(\.segments)
  }

  /// The snapshot after `edit`. `added` is the rowset the edit brings in, if it does.
  /// - Throws: `EditRefusal` when the edit does not fit.
  func applying(_ edit: TabletEdit, added: Rowset?) throws -> TabletSnapshot {
    var next = state
    try next.apply(edit)
    switch edit {
    case .publish:
      guard let added else { preconditionFailure("a publish brings a rowset") }
      var grown = rowsets
      grown.append(added)
      return TabletSnapshot(state: next, rowsets: grown, stale: stale, keys: keys)
    case .replace(let inputs, _, _, _, _):
      guard let added, let first = rowsets.firstIndex(where: { $0.id == inputs.first }) else {
        preconditionFailure("a replacement brings a rowset for inputs that are there")
      }
      var kept = stale
      kept.insert(contentsOf: rowsets[first..<first + inputs.count])
      let remaining = rowsets.replacing(first..<first + inputs.count, with: [added])
      return TabletSnapshot(state: next, rowsets: remaining, stale: kept, keys: keys)
    case .sweep(let ids):
      var kept = stale
      kept.remove(Set(ids))
      return TabletSnapshot(
        state: next, rowsets: rowsets, stale: kept, keys: keys, revision: revision)
    case .repair: return arranged(as: next, added: added.map { [$0] } ?? [])
    }
  }

  /// The snapshot after a repair that brings in `added`.
  /// - Throws: `EditRefusal` when the repair does not fit.
  func applying(_ repair: TabletRepair, added: [Rowset]) throws -> TabletSnapshot {
    var next = state
    try next.apply(.repair(repair))
    return arranged(as: next, added: added)
  }

  /// The rowsets of `next`, each of which is here already or `added`.
  private func arranged(as next: TabletState, added: [Rowset]) -> TabletSnapshot {
    var byID = rowsetsByID
    for rowset in added { byID[rowset.id] = rowset }
    let stale = StaleRowsets(next.stale.lazy.compactMap { byID[$0.entry.id] })
    return TabletSnapshot(
      state: next, rowsets: SharedArray(next.rowsets.lazy.compactMap { byID[$0.id] }),
      stale: stale, keys: keys)
  }
}

/// A table at one moment: all its tablets after the same commits. Immutable.
public final class TableSnapshot: Sendable {
  public let id: TableID
  public let definition: TableDefinition
  public let createdAt: Timestamp
  /// By bucket.
  public let tablets: [TabletSnapshot]

  init(
    id: TableID, definition: TableDefinition, createdAt: Timestamp, tablets: [TabletSnapshot]
  ) {
    precondition(tablets.count == definition.bucketCount)
    self.id = id
    self.definition = definition
    self.createdAt = createdAt
    self.tablets = tablets
  }

  public var rowCount: Int { tablets.reduce(0) { $0 + $1.rowCount } }

  func replacing(_ tablet: TabletSnapshot, bucket: Int) -> TableSnapshot {
    var changed = tablets
    changed[bucket] = tablet
    return TableSnapshot(
      id: id, definition: definition, createdAt: createdAt, tablets: changed)
  }
}

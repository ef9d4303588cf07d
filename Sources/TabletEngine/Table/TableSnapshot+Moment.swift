import StorageBase
import TabletModel

// Time travel: a table as it was after some commit.
extension TabletSnapshot {
  /// The tablet after commit `sequence` of the store; nil when the rowsets it consisted of are not
  /// kept any more, or it did not exist.
  func asOf(sequence: UInt64) -> TabletSnapshot? {
    guard let version = state.history.version(at: sequence) else { return nil }
    if version == self.version { return self }
    let old: TabletState
    do { old = try state.asOf(version) } catch { return nil }
    let byID = rowsetsByID
    return TabletSnapshot(
      state: old, rowsets: SharedArray(old.rowsets.lazy.compactMap { byID[$0.id] }),
      stale: StaleRowsets(),
      keys: keys, isPast: true)
  }

  /// The commits after which the state of the tablet can be read.
  public var heldSequences: [ClosedRange<UInt64>] {
    state.history.heldSequences(readable: state.readableVersions)
  }
}

extension TableSnapshot {
  /// The table after commit `sequence` of the store, all tablets at the same moment; nil when that
  /// state is not held any more, or the table did not exist. It stays readable while it is held.
  ///
  /// O(versions of the table).
  public func asOf(sequence: UInt64) -> TableSnapshot? {
    let old = tablets.compactMap { $0.asOf(sequence: sequence) }
    guard old.count == tablets.count else { return nil }
    return TableSnapshot(id: id, definition: definition, createdAt: createdAt, tablets: old)
  }

  /// The table as it was at `time`, as `asOf(sequence:)`.
  public func asOf(time: Timestamp) -> TableSnapshot? {
    tablets.compactMap { $0.state.history.sequence(at: time) }.max()
      .flatMap { asOf(sequence: $0) }
  }

  /// The commits after which the whole table can be read, as ascending ranges; the last one has no
  /// end. Every state that was the newest within `StoreOptions.staleGraceSeconds` is among them.
  public var heldSequences: [ClosedRange<UInt64>] {
    var common: [ClosedRange<UInt64>] = [0...UInt64.max]
    for tablet in tablets { common = common.intersected(with: tablet.heldSequences) }
    return common
  }

  /// When the state after commit `sequence` came to be, as far as that is known.
  public func committedAt(sequence: UInt64) -> Timestamp? {
    tablets.compactMap { tablet in
      tablet.state.history.entries.last { $0.sequence <= sequence }?.at
    }.max()
  }
}

extension Store {
  /// A table as it was at some moment.
  /// - Throws: `StorageError.unknownName`; `StorageError.invalidArgument` when the state is not
  ///   held any more, with those that are and the setting that keeps them for longer.
  public func snapshot(of table: String, asOf moment: Moment) throws -> TableSnapshot {
    let (current, newest) = try snapshotAndSequence(of: table)
    switch moment {
    case .sequence(let sequence):
      guard sequence <= newest else {
        throw StorageError.invalidArgument(
          name: "AS OF version", value: "\(sequence)",
          reason: "the newest commit of the store is \(newest)")
      }
      if let old = current.asOf(sequence: sequence) { return old }
    case .time(let time):
      if let old = current.asOf(time: time) { return old }
    }
    throw StorageError.invalidArgument(
      name: "AS OF \(moment)", value: "of table \(table)",
      reason: notHeld(current, newest: newest))
  }

  private func notHeld(_ table: TableSnapshot, newest: UInt64) -> String {
    let ranges = table.heldSequences
    let held = ranges.map { "\($0.lowerBound) to \(min($0.upperBound, newest))" }
    let since = ranges.first.flatMap { table.committedAt(sequence: $0.lowerBound) }
    return "this state is not kept; those of versions \(held.suffix(4).joined(separator: ", ")) "
      + "are" + (since.map { ", the oldest of \(formatDatetime($0.rawValue)) UTC" } ?? "")
      + "; the table was created at \(formatDatetime(table.createdAt.rawValue)) UTC, and states "
      + "are kept for \(options.staleGraceSeconds) s after compaction has replaced them "
      + "(staleGraceSeconds lengthens that)"
  }
}

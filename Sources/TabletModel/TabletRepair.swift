import StorageBase

/// What becomes of the damaged rowsets of one tablet.
public struct TabletRepair: Hashable, Sendable {
  /// What stands where a damaged rowset stood.
  public enum Successor: Hashable, Sendable {
    /// A new rowset with the rows that could be read.
    case saved(RowsetEntry)
    /// A rowset that a compaction had replaced, and that is still there.
    case reinstated(RowsetID)
  }

  public struct Replacement: Hashable, Sendable {
    public let damaged: RowsetID
    /// In version order; together they have its versions.
    public let successors: [Successor]

    public init(damaged: RowsetID, successors: [Successor]) {
      self.damaged = damaged
      self.successors = successors
    }
  }

  /// For visible rowsets, which are forgotten at once.
  public var replacements: [Replacement]
  /// Stale rowsets that are forgotten.
  public var dropped: [RowsetID]

  public init(replacements: [Replacement] = [], dropped: [RowsetID] = []) {
    self.replacements = replacements
    self.dropped = dropped
  }

  public var isEmpty: Bool { replacements.isEmpty && dropped.isEmpty }

  /// The rowsets that are gone afterwards.
  public var forgotten: [RowsetID] { replacements.map(\.damaged) + dropped }
}

extension TabletState {
  /// Carries out a repair, or leaves the state as it was and throws.
  mutating func apply(_ repair: TabletRepair) throws(EditRefusal) {
    var next = self
    for replacement in repair.replacements { try next.replace(replacement) }
    let dropped = Set(repair.dropped)
    guard dropped.isSubset(of: Set(next.stale.map(\.entry.id))) else {
      throw EditRefusal("tablet \(id): of rowsets \(dropped.sorted()) some are not stale")
    }
    next.stale.removeAll { dropped.contains($0.entry.id) }
    next.countAgain()
    next.history.trim(readable: next.readableVersions)
    self = next
  }

  private mutating func replace(_ replacement: TabletRepair.Replacement) throws(EditRefusal) {
    guard let place = rowsets.firstIndex(where: { $0.id == replacement.damaged }) else {
      throw EditRefusal("tablet \(id): rowset \(replacement.damaged) is not visible")
    }
    let damaged = rowsets[place].summary
    var entries: [RowsetEntry] = []
    var next = damaged.versions.first
    for successor in replacement.successors {
      let entry = try take(successor)
      guard entry.summary.versions.first == next, !entries.contains(where: { $0.id == entry.id })
      else {
        throw EditRefusal(
          "tablet \(id): rowset \(entry.id) has versions \(entry.summary.versions), expected a "
            + "start at \(next)")
      }
      entries.append(entry)
      next = entry.summary.versions.last.next
    }
    guard next == damaged.versions.last.next else {
      throw EditRefusal(
        "tablet \(id): what replaces versions \(damaged.versions) ends before \(next)")
    }
    guard entries.reduce(0, { $0 + $1.summary.rowCount }) <= damaged.rowCount else {
      throw EditRefusal("tablet \(id): more rows than rowset \(replacement.damaged) had")
    }
    rowsets = rowsets.replacing(place..<place + 1, with: entries)
  }

  private mutating func take(
    _ successor: TabletRepair.Successor
  ) throws(EditRefusal) -> RowsetEntry {
    switch successor {
    case .saved(let entry):
      try requireNew(entry.id)
      return entry
    case .reinstated(let rowset):
      guard let place = stale.firstIndex(where: { $0.entry.id == rowset }) else {
        throw EditRefusal("tablet \(id): rowset \(rowset) is not stale")
      }
      return stale.remove(at: place).entry
    }
  }
}

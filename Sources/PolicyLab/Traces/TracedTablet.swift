import StorageBase
import TabletModel

/// What a trace knows of a tablet at one place: the facts that do not depend on who asks.
public struct TracedTablet: Hashable, Sendable {
  public var keysModel: KeysModel
  /// The visible rowsets in version order, from version 0 on without gap.
  public private(set) var rowsets: [RowsetSummary]
  public private(set) var cumulativePoint: Version
  public private(set) var lastSuccessAt: [CompactionKind: Timestamp]

  public init(
    keysModel: KeysModel, rowsets: [RowsetSummary], cumulativePoint: Version,
    lastSuccessAt: [CompactionKind: Timestamp]
  ) {
    self.keysModel = keysModel
    self.rowsets = rowsets
    self.cumulativePoint = cumulativePoint
    self.lastSuccessAt = lastSuccessAt
  }

  public init(_ facts: TabletFacts) {
    self.init(
      keysModel: facts.keysModel, rowsets: facts.rowsets, cumulativePoint: facts.cumulativePoint,
      lastSuccessAt: facts.lastSuccessAt)
  }

  public var endVersion: Version { rowsets.last?.versions.last.next ?? Version(0) }

  /// What a policy sees that is asked now, with every slot free.
  public func facts(now: Timestamp) -> TabletFacts {
    TabletFacts(
      rowsets: rowsets, cumulativePoint: cumulativePoint, lastSuccessAt: lastSuccessAt, now: now,
      keysModel: keysModel)
  }

  /// The tablet before its newest rowsets came.
  func dropping(newest count: Int) -> TracedTablet {
    var before = self
    before.rowsets.removeLast(count)
    return before
  }

  /// - Returns: nil if the rowset is not of the next version.
  func loading(_ rowset: RowsetSummary) -> TracedTablet? {
    guard rowset.versions == VersionRange(endVersion, endVersion) else { return nil }
    var after = self
    after.rowsets.append(rowset)
    return after
  }

  /// - Returns: nil if the range of the output is not that of whole rowsets.
  func merging(_ merge: TracedMerge) -> TracedTablet? {
    let places = rowsets.indices.filter { merge.output.versions.contains(rowsets[$0].versions) }
    guard let first = places.first, let last = places.last,
      rowsets[first].versions.first == merge.output.versions.first,
      rowsets[last].versions.last == merge.output.versions.last
    else { return nil }
    var after = self
    after.rowsets.replaceSubrange(first...last, with: [merge.output])
    after.cumulativePoint = merge.cumulativePoint
    after.lastSuccessAt[merge.kind] = merge.at
    return after
  }
}

/// A merge that became visible.
public struct TracedMerge: Hashable, Sendable {
  public var kind: CompactionKind
  public var output: RowsetSummary
  /// From then on.
  public var cumulativePoint: Version
  public var at: Timestamp

  public init(
    kind: CompactionKind, output: RowsetSummary, cumulativePoint: Version, at: Timestamp
  ) {
    self.kind = kind
    self.output = output
    self.cumulativePoint = cumulativePoint
    self.at = at
  }
}

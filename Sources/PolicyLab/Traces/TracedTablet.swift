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

  /// Adds a load.
  /// - Returns: false, with nothing changed, if the rowset is not of the next version.
  mutating func load(_ rowset: RowsetSummary) -> Bool {
    guard rowset.versions == VersionRange(endVersion, endVersion) else { return false }
    rowsets.append(rowset)
    return true
  }

  /// Puts an output in the place of its inputs.
  /// - Returns: false, with nothing changed, if its range is not that of whole rowsets, or the
  ///   point not within the tablet.
  mutating func merge(_ merge: TracedMerge) -> Bool {
    guard merge.cumulativePoint <= endVersion,
      let first = rowsets.firstIndex(where: {
        $0.versions.first == merge.output.versions.first
      }),
      let last = rowsets[first...].firstIndex(where: {
        $0.versions.last == merge.output.versions.last
      })
    else { return false }
    rowsets.replaceSubrange(first...last, with: [merge.output])
    cumulativePoint = merge.cumulativePoint
    lastSuccessAt[merge.kind] = merge.at
    return true
  }
}

/// A merge that became visible.
public struct TracedMerge: Hashable, Sendable {
  public var kind: CompactionKind
  public var output: RowsetSummary
  /// From then on.
  public var cumulativePoint: Version
  /// The time of success that policies are told.
  public var at: Timestamp
  /// When the output could be read, a little later.
  public var visibleAt: Timestamp

  /// - Parameter visibleAt: nil for at once.
  public init(
    kind: CompactionKind, output: RowsetSummary, cumulativePoint: Version, at: Timestamp,
    visibleAt: Timestamp? = nil
  ) {
    self.kind = kind
    self.output = output
    self.cumulativePoint = cumulativePoint
    self.at = at
    self.visibleAt = visibleAt ?? at
  }
}

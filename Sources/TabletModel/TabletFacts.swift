import StorageBase

/// Which part of a tablet a compaction works on. Raw values are persistent: never change one.
public enum CompactionKind: UInt8, Hashable, Sendable, Codable, CaseIterable,
  CustomStringConvertible
{
  /// Rowsets at or after the cumulative point: the young ones.
  case cumulative = 1
  /// Rowsets before the cumulative point.
  case base = 2
  /// Both together.
  case full = 3

  public var description: String {
    switch self {
    case .cumulative: "cumulative"
    case .base: "base"
    case .full: "full"
    }
  }
}

/// Everything a compaction policy may know of one tablet. Time and chance are fields, so a policy
/// is a pure function of this value.
public struct TabletFacts: Hashable, Sendable, Codable {
  /// The visible rowsets in version order, without gaps or overlaps, from version 0. The first
  /// may be the empty rowset `[0-1]` the tablet was born with.
  public var rowsets: [RowsetSummary]
  /// The first version not yet handed over to base compaction.
  public var cumulativePoint: Version
  /// Ranges being compacted now; a pick must not touch them.
  public var inFlight: [VersionRange]
  /// When the last compaction of a kind succeeded; absent before the first.
  public var lastSuccessAt: [CompactionKind: Timestamp]
  public var now: Timestamp
  /// Kinds the scheduler has a free slot for; a pick of another kind is refused.
  public var allowedKinds: Set<CompactionKind>
  public var keysModel: KeysModel
  /// Random bits for policies that need chance; part of the facts, so a decision can be replayed.
  public var entropy: UInt64
  /// Nil where nobody has observed it.
  public var traffic: TabletTraffic?

  public init(
    rowsets: [RowsetSummary], cumulativePoint: Version, inFlight: [VersionRange] = [],
    lastSuccessAt: [CompactionKind: Timestamp] = [:], now: Timestamp,
    allowedKinds: Set<CompactionKind> = Set(CompactionKind.allCases),
    keysModel: KeysModel = .duplicate, entropy: UInt64 = 0, traffic: TabletTraffic? = nil
  ) {
    self.rowsets = rowsets
    self.cumulativePoint = cumulativePoint
    self.inFlight = inFlight
    self.lastSuccessAt = lastSuccessAt
    self.now = now
    self.allowedKinds = allowedKinds
    self.keysModel = keysModel
    self.entropy = entropy
    self.traffic = traffic
  }

  /// Rowsets that hold rows: what readers pay for.
  public var components: [RowsetSummary] { rowsets.filter { !$0.isEmpty } }

  /// Rowsets at or after the cumulative point.
  public var cumulativeRowsets: [RowsetSummary] {
    rowsets.filter { $0.versions.first >= cumulativePoint }
  }

  /// Rowsets before the cumulative point.
  public var baseRowsets: [RowsetSummary] {
    rowsets.filter { $0.versions.first < cumulativePoint }
  }

  public func isInFlight(_ range: VersionRange) -> Bool {
    inFlight.contains { $0.overlaps(range) }
  }
}

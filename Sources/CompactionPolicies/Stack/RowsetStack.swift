import StorageBase
import TabletModel

/// What most policies of the literature look at: sizes in order of age, and how many loads there
/// have been.
///
/// It holds the rowsets of a tablet that may be merged with each other, oldest first. The empty
/// rowset a tablet is born with is left out; later empty ones are in it, because a stream of empty
/// loads must not fill the read path.
public struct RowsetStack: Sendable {
  /// Neighbours in version order, oldest first, none of them in a running compaction.
  public private(set) var rowsets: [RowsetSummary]
  /// Whether the oldest rowset of the tablet is among them; if not, it is in a running compaction
  /// or before one.
  public let holdsOldest: Bool
  /// Whether the newest rowset of the tablet is among them, so that loads come on top of them.
  public let holdsNewest: Bool
  /// The loads the whole tablet has seen: each is one version.
  public let loadCount: Int
  /// The mean size of a load of the whole tablet in bytes, at least 1: the size of a flush, as far
  /// as a tablet can tell. With loads of one size and no overwritten keys it is exactly that size.
  public let loadByteCount: Int
  public let now: Timestamp
  public let keysModel: KeysModel
  /// Nil where nobody has observed it.
  public let traffic: TabletTraffic?

  /// - Parameter rowsets: some of those of `facts`, neighbours of each other.
  init(_ rowsets: [RowsetSummary], of facts: TabletFacts) {
    self.rowsets = rowsets
    let oldest = facts.rowsets.first { !$0.isEmpty } ?? facts.rowsets.last
    holdsOldest =
      rowsets.first.map { $0.versions.first <= oldest?.versions.first ?? Version(0) }
      ?? false
    holdsNewest = rowsets.last?.versions == facts.rowsets.last?.versions
    loadCount = max(1, Int(clamping: facts.endVersion.rawValue) - Self.firstLoadVersion)
    loadByteCount = max(1, facts.rowsets.totalByteCount / loadCount)
    now = facts.now
    keysModel = facts.keysModel
    traffic = facts.traffic
  }

  private static let firstLoadVersion = Int(Version.initial.next.rawValue)

  public var count: Int { rowsets.count }

  /// Bytes of the rowsets, oldest first.
  public var sizes: [Int] { rowsets.map(\.byteCount) }

  /// This stack after a merge of the rowsets at `range`, taken to write as much as it reads.
  func merging(_ range: Range<Int>) -> RowsetStack {
    let inputs = rowsets[range]
    guard let first = inputs.first, let last = inputs.last else { return self }
    var merged = self
    merged.rowsets.replaceSubrange(
      range,
      with: [
        RowsetSummary(
          versions: VersionRange(first.versions.first, last.versions.last),
          byteCount: inputs.totalByteCount,
          rowCount: inputs.reduce(0) { $0 + $1.rowCount },
          segmentCount: inputs.allSatisfy(\.isEmpty) ? 0 : 1,
          mergeDepth: first.mergeDepth + 1, createdAt: now)
      ])
    return merged
  }
}

import StorageBase

/// A compaction that a policy wants, as a scheduler sees it.
public struct CompactionRequest: Hashable, Sendable {
  public let tablet: TabletID
  public let pick: CompactionPick
  /// The compaction score of the inputs: the permits it needs.
  public let score: Int
  /// Of the inputs.
  public let byteCount: Int
  /// Since when the tablet has wanted a compaction of this kind and not got it.
  public let waitingSince: Timestamp

  /// - Parameter rowsets: those of the tablet, the inputs among them.
  public init(
    tablet: TabletID, pick: CompactionPick, in rowsets: [RowsetSummary], waitingSince: Timestamp
  ) {
    var score = 0
    var byteCount = 0
    for rowset in rowsets where pick.versions.contains(rowset.versions) {
      score += rowset.score
      byteCount += rowset.byteCount
    }
    self.init(
      tablet: tablet, pick: pick, score: score, byteCount: byteCount, waitingSince: waitingSince)
  }

  public init(
    tablet: TabletID, pick: CompactionPick, score: Int, byteCount: Int, waitingSince: Timestamp
  ) {
    self.tablet = tablet
    self.pick = pick
    self.score = score
    self.byteCount = byteCount
    self.waitingSince = waitingSince
  }
}

/// The compactions that have been started and not ended.
public struct RunningCompactions: Sendable {
  public private(set) var requests: [CompactionRequest] = []
  /// Cumulative ones that have started since the last of another kind.
  public private(set) var cumulativeRounds = 0

  public init() {}

  public var count: Int { requests.count }

  /// Permits in use.
  public var score: Int { requests.reduce(0) { $0 + $1.score } }

  public func count(of kinds: Set<CompactionKind>) -> Int {
    requests.count { kinds.contains($0.pick.kind) }
  }

  public func picks(of tablet: TabletID) -> [CompactionPick] {
    requests.filter { $0.tablet == tablet }.map(\.pick)
  }

  public mutating func begin(_ request: CompactionRequest) {
    requests.append(request)
    cumulativeRounds = request.pick.kind == .cumulative ? cumulativeRounds + 1 : 0
  }

  /// - Precondition: it runs.
  public mutating func end(_ request: CompactionRequest) {
    guard
      let place = requests.firstIndex(where: {
        $0.tablet == request.tablet && $0.pick.versions == request.pick.versions
      })
    else { preconditionFailure("\(request.pick) of tablet \(request.tablet) does not run") }
    requests.remove(at: place)
  }
}

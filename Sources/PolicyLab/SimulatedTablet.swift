import StorageBase
import TabletModel

/// A tablet without data: loads add rowsets of a given size and compactions take no time.
///
/// What a merge writes is the sum of its inputs, unless keys overlap or it is known what rowsets
/// have for their rows.
/// Every pick is validated as the engine does.
public struct SimulatedTablet: Sendable {
  public private(set) var facts: TabletFacts
  /// Rowsets that hold rows.
  public private(set) var componentCount = 0
  private let policy: any CompactionPolicy
  private let overlap: KeyOverlap
  /// Nil if nothing is encoded better by a merge.
  public var rowsetSizes: RowsetSizes?

  /// A tablet with only the empty rowset `[0-1]`, made at `start`.
  public init(
    policy: any CompactionPolicy, start: Timestamp = Timestamp(rawValue: 0),
    keysModel: KeysModel = .duplicate, overlap: KeyOverlap = .none
  ) {
    self.policy = policy
    self.overlap = overlap
    let empty = RowsetSummary(
      versions: .initial, byteCount: 0, segmentCount: 0, createdAt: start)
    facts = TabletFacts(
      rowsets: [empty], cumulativePoint: Version.initial.next, now: start, keysModel: keysModel)
    facts.cumulativePoint = policy.initialCumulativePoint(facts)
  }

  /// A tablet as it stands, to see what a policy makes of it.
  public init(policy: any CompactionPolicy, facts: TabletFacts, overlap: KeyOverlap = .none) {
    self.policy = policy
    self.overlap = overlap
    self.facts = facts
    componentCount = facts.components.count
  }

  /// Bytes of the rowsets that hold rows, oldest first.
  public var stack: [Int] { facts.components.map(\.byteCount) }

  /// Moves virtual time on.
  public mutating func advance(bySeconds seconds: Double) {
    facts.now = facts.now.advanced(bySeconds: seconds)
  }

  /// Moves virtual time on to `time`, which is not before it.
  mutating func advance(to time: Timestamp) {
    precondition(facts.now <= time, "time does not go back")
    facts.now = time
  }

  /// Tells the policy what comes and goes.
  mutating func observe(_ traffic: TabletTraffic) { facts.traffic = traffic }

  /// Adds a rowset of one version.
  /// - Parameter segmentCount: with 2 or more its segments overlap, with 0 it holds no rows.
  public mutating func load(byteCount: Int, rowCount: Int = 0, segmentCount: Int = 1) {
    let version = facts.endVersion
    facts.rowsets.append(
      RowsetSummary(
        versions: VersionRange(version, version), byteCount: byteCount, rowCount: rowCount,
        segmentCount: segmentCount, segmentsOverlap: segmentCount > 1, createdAt: facts.now))
    componentCount += segmentCount > 0 ? 1 : 0
  }

  /// Asks the policy. `entropy` are the random bits it may use, `kinds` those with a free slot.
  public mutating func decide(
    entropy: UInt64 = 0, kinds: Set<CompactionKind> = Set(CompactionKind.allCases)
  ) -> CompactionDecision {
    facts.entropy = entropy
    facts.allowedKinds = kinds
    return policy.decide(facts)
  }

  /// Carries `pick` out at once.
  /// - Returns: the output.
  /// - Throws: `PolicyFault` when the pick does not validate, or the cumulative point would move
  ///   back or beyond the tablet; the tablet is then unchanged.
  @discardableResult
  public mutating func apply(_ pick: CompactionPick) throws -> RowsetSummary {
    var merge = try prepare(pick)
    merge.output.createdAt = facts.now
    try replace(merge)
    return merge.output
  }

  /// What `pick` would do, found without doing it.
  /// - Throws: `PolicyFault` when the pick does not validate.
  func prepare(_ pick: CompactionPick) throws -> SimulatedMerge {
    let inputs: [RowsetSummary]
    do { inputs = try pick.validated(against: facts) } catch {
      throw PolicyFault.refusedPick(error)
    }
    return SimulatedMerge(
      pick: pick, inputs: inputs, output: output(of: inputs, versions: pick.versions),
      facts: facts)
  }

  /// Marks the inputs of a merge as busy.
  mutating func begin(_ merge: SimulatedMerge) { facts.inFlight.append(merge.pick.versions) }

  /// Puts the output of a merge that was begun in the place of its inputs.
  /// - Throws: `PolicyFault` when the cumulative point would move back or beyond the tablet.
  mutating func finish(_ merge: SimulatedMerge) throws {
    var merge = merge
    merge.output.createdAt = facts.now
    facts.inFlight.removeAll { $0 == merge.pick.versions }
    try replace(merge)
  }

  private mutating func replace(_ merge: SimulatedMerge) throws {
    let (pick, output) = (merge.pick, merge.output)
    let wanted = policy.cumulativePoint(after: pick, output: output, in: merge.facts)
    // Another merge may have moved the point since the pick was made.
    let point =
      merge.facts.cumulativePoint < facts.cumulativePoint
      ? max(wanted, facts.cumulativePoint) : wanted
    guard facts.cumulativePoint <= point, point <= facts.endVersion else {
      throw PolicyFault.misplacedCumulativePoint(pick, from: facts.cumulativePoint, to: point)
    }
    let places = facts.rowsets.indices.filter {
      pick.versions.contains(facts.rowsets[$0].versions)
    }
    facts.rowsets.replaceSubrange(places[0]..<places[0] + places.count, with: [output])
    facts.cumulativePoint = point
    facts.lastSuccessAt[pick.kind] = facts.now
    componentCount += (output.isEmpty ? 0 : 1) - merge.inputs.count { !$0.isEmpty }
  }

  private func output(of inputs: [RowsetSummary], versions: VersionRange) -> RowsetSummary {
    let sum = inputs.totalByteCount
    var byteCount = overlap.mergedByteCount(of: inputs.map(\.byteCount))
    if sum > 0, let merged = rowsetSizes?.mergedByteCount(of: inputs) {
      byteCount = Int((Double(merged) * Double(byteCount) / Double(sum)).rounded())
    }
    return RowsetSummary(
      versions: versions, byteCount: byteCount,
      rowCount: inputs.reduce(0) { $0 + $1.rowCount },
      segmentCount: inputs.allSatisfy(\.isEmpty) ? 0 : 1,
      mergeDepth: (inputs.map(\.mergeDepth).max() ?? 0) + 1, createdAt: facts.now)
  }
}

/// A merge that a simulated tablet is to carry out.
struct SimulatedMerge {
  let pick: CompactionPick
  let inputs: [RowsetSummary]
  var output: RowsetSummary
  /// Those the pick was made on.
  let facts: TabletFacts
}

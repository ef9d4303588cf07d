import StorageBase
import TabletModel

/// A tablet without data: loads add rowsets of a given size and compactions take no time.
///
/// What a merge writes is the sum of its inputs: no key is overwritten and nothing is encoded
/// better. Every pick is validated as the engine does.
public struct SimulatedTablet: Sendable {
  public private(set) var facts: TabletFacts
  /// Rowsets that hold rows.
  public private(set) var componentCount = 0
  private let policy: any CompactionPolicy

  /// A tablet with only the empty rowset `[0-1]`, made at `start`.
  public init(
    policy: any CompactionPolicy, start: Timestamp = Timestamp(rawValue: 0),
    keysModel: KeysModel = .duplicate
  ) {
    self.policy = policy
    let empty = RowsetSummary(
      versions: .initial, byteCount: 0, segmentCount: 0, createdAt: start)
    facts = TabletFacts(
      rowsets: [empty], cumulativePoint: Version.initial.next, now: start, keysModel: keysModel)
    facts.cumulativePoint = policy.initialCumulativePoint(facts)
  }

  /// A tablet as it stands, to see what a policy makes of it.
  public init(policy: any CompactionPolicy, facts: TabletFacts) {
    self.policy = policy
    self.facts = facts
    componentCount = facts.components.count
  }

  /// Bytes of the rowsets that hold rows, oldest first.
  public var stack: [Int] { facts.components.map(\.byteCount) }

  /// Moves virtual time on.
  public mutating func advance(bySeconds seconds: Double) {
    facts.now = facts.now.advanced(bySeconds: seconds)
  }

  /// Adds a rowset of one version.
  /// - Parameter segmentCount: with 2 or more its segments overlap, with 0 it holds no rows.
  public mutating func load(byteCount: Int, segmentCount: Int = 1) {
    let version = facts.endVersion
    facts.rowsets.append(
      RowsetSummary(
        versions: VersionRange(version, version), byteCount: byteCount,
        segmentCount: segmentCount, segmentsOverlap: segmentCount > 1, createdAt: facts.now))
    componentCount += segmentCount > 0 ? 1 : 0
  }

  /// Asks the policy. `entropy` are the random bits it may use.
  public mutating func decide(entropy: UInt64 = 0) -> CompactionDecision {
    facts.entropy = entropy
    return policy.decide(facts)
  }

  /// Carries `pick` out at once.
  /// - Returns: the output.
  /// - Throws: `PolicyFault` when the pick does not validate, or the cumulative point would move
  ///   back or beyond the tablet; the tablet is then unchanged.
  @discardableResult
  public mutating func apply(_ pick: CompactionPick) throws -> RowsetSummary {
    let inputs: [RowsetSummary]
    do { inputs = try pick.validated(against: facts) } catch {
      throw PolicyFault.refusedPick(error)
    }
    let output = output(of: inputs, versions: pick.versions)
    let point = policy.cumulativePoint(after: pick, output: output, in: facts)
    guard facts.cumulativePoint <= point, point <= facts.endVersion else {
      throw PolicyFault.misplacedCumulativePoint(pick, from: facts.cumulativePoint, to: point)
    }
    let places = facts.rowsets.indices.filter {
      pick.versions.contains(facts.rowsets[$0].versions)
    }
    facts.rowsets.replaceSubrange(places[0]..<places[0] + places.count, with: [output])
    facts.cumulativePoint = point
    facts.lastSuccessAt[pick.kind] = facts.now
    componentCount += (output.isEmpty ? 0 : 1) - inputs.count { !$0.isEmpty }
    return output
  }

  private func output(of inputs: [RowsetSummary], versions: VersionRange) -> RowsetSummary {
    let byteCount = inputs.totalByteCount
    return RowsetSummary(
      versions: versions, byteCount: byteCount,
      rowCount: inputs.reduce(0) { $0 + $1.rowCount },
      segmentCount: inputs.allSatisfy(\.isEmpty) ? 0 : 1,
      mergeDepth: (inputs.map(\.mergeDepth).max() ?? 0) + 1, createdAt: facts.now)
  }
}

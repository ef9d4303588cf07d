import PolicyLab
import StorageBase
import TabletModel

/// Random tablets, questions and changes, for traces.
struct TraceSamples {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func time() -> Timestamp {
    Timestamp(rawValue: 1_790_000_000_000_000 + Int64(number(-1000...1000)))
  }

  mutating func rowset(_ versions: VersionRange) -> RowsetSummary {
    let segmentCount = number(0...3)
    return RowsetSummary(
      versions: versions, byteCount: number(0...1 << 30), rowCount: number(0...1000),
      segmentCount: segmentCount, deltaCount: number(0...segmentCount),
      segmentsOverlap: number(0...1) == 1, mergeDepth: number(0...4), createdAt: time())
  }

  mutating func tablet(_ keysModel: KeysModel) -> TracedTablet {
    var rowsets: [RowsetSummary] = []
    var end: Int64 = 0
    for _ in 0..<number(1...6) {
      let last = end + Int64(number(0...3))
      rowsets.append(rowset(VersionRange(end, last)))
      end = last + 1
    }
    var successes: [CompactionKind: Timestamp] = [:]
    for kind in CompactionKind.allCases where number(0...1) == 1 { successes[kind] = time() }
    return TracedTablet(
      keysModel: keysModel, rowsets: rowsets, cumulativePoint: Version(Int64(number(0...Int(end)))),
      lastSuccessAt: successes)
  }

  /// Facts of a tablet as somebody might be asked about it.
  mutating func facts(_ tablet: TracedTablet) -> TabletFacts {
    var facts = tablet.facts(now: time())
    facts.allowedKinds = Set(CompactionKind.allCases.filter { _ in number(0...1) == 1 })
    facts.inFlight = (0..<number(0...2)).map { VersionRange(Int64($0), Int64($0 + number(0...5))) }
    facts.entropy = number(0...3) == 0 ? 0 : random.next()
    guard number(0...1) == 1 else { return facts }
    facts.traffic = TabletTraffic(
      loadsPerSecond: random.nextUnit() * 1e4, bytesPerLoad: random.nextUnit() * 1e-9,
      queriesPerSecond: Double(number(0...3)), secondsSinceLoad: random.nextUnit() * 10,
      tabletsPerSlot: random.nextUnit() * 3,
      versionLimit: number(0...1) == 1 ? number(2...900) : nil)
    guard number(0...1) == 1 else { return facts }
    facts.traffic?.costs = WorkCosts(
      secondsPerMerge: random.nextUnit(), secondsPerByteMerged: random.nextUnit() * 1e-12,
      elapsedPerProcessorSecond: 1 + random.nextUnit(),
      secondsPerComponentRead: 0)
    return facts
  }

  mutating func decision() -> CompactionDecision {
    let reason = ["score 5", "", "he said \"no\"\n\\ ü", "\u{1F600}"][number(0...3)]
    guard number(0...1) == 1 else {
      return .wait(until: number(0...1) == 1 ? time() : nil, because: reason)
    }
    let picks = (0..<number(0...2)).map { _ in
      CompactionPick(
        kind: CompactionKind.allCases[number(0...2)],
        versions: VersionRange(2, Int64(number(2...9))),
        urgency: [5, 0.1, -3.25e-9, .infinity, -.infinity, 1e300][number(0...5)])
    }
    return .compact(picks, because: reason)
  }

  /// The tablet after a load or a merge.
  mutating func changed(_ tablet: TracedTablet) -> TracedTablet {
    var facts = tablet.facts(now: time())
    if number(0...2) > 0 {
      facts.rowsets.append(rowset(VersionRange(tablet.endVersion, tablet.endVersion)))
    } else {
      let first = number(0...facts.rowsets.count - 1)
      let last = number(first...facts.rowsets.count - 1)
      let range = VersionRange(
        facts.rowsets[first].versions.first, facts.rowsets[last].versions.last)
      facts.rowsets.replaceSubrange(first...last, with: [rowset(range)])
      facts.lastSuccessAt[CompactionKind.allCases[number(0...2)]] = Timestamp(
        rawValue: 1_790_000_000_002_000 + Int64(number(0...2)))
    }
    return TracedTablet(facts)
  }
}

import StorageBase
import TabletModel
import Testing

/// Random rules and requests, held against what the rules promise.
private struct RandomScheduling {
  var random: SeededGenerator
  let rules: SchedulingRules

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func pick(_ range: Range<Int>) -> Int {
      range.lowerBound + Int(random.next() % UInt64(range.count))
    }
    var rules: SchedulingRules
    if pick(0..<3) == 0 {
      rules = SchedulingRules(pools: [
        .init(kinds: Set(CompactionKind.allCases), slotCount: pick(1..<5))
      ])
    } else {
      rules = SchedulingRules(cumulativeSlotCount: pick(1..<5), baseSlotCount: pick(1..<4))
    }
    if pick(0..<2) == 0 {
      rules.slotCountMax = pick(2..<6)
      rules.reservesLastSlot = pick(0..<2) == 0
    }
    if pick(0..<2) == 0 { rules.largeByteCountMin = pick(1..<100) }
    rules.smallSlotCount = pick(0..<3)
    if pick(0..<2) == 0 { rules.permitCount = pick(1..<60) }
    rules.priority = SchedulingRules.Priority.allCases[pick(0..<4)]
    rules.cumulativeRounds = pick(0..<4)
    rules.patienceSeconds = Double(pick(1..<50))
    if pick(0..<2) == 0 {
      rules.throttle = .init(machineLoadMax: 0.5, scoreMax: pick(1..<30), slotCount: pick(1..<3))
    }
    self.random = random
    self.rules = rules
  }

  mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  mutating func request(tablet: Int, at seconds: Int) -> CompactionRequest {
    let kind = CompactionKind.allCases[below(3)]
    return CompactionRequest(
      tablet: TabletID(rawValue: UInt64(tablet)),
      pick: CompactionPick(
        kind: kind, versions: VersionRange(Version(0), Version(5)), urgency: random.nextUnit()),
      score: 1 + below(20), byteCount: below(120),
      waitingSince: Timestamp(rawValue: Int64(seconds) * 1_000_000))
  }
}

private func time(_ seconds: Int) -> Timestamp { Timestamp(rawValue: Int64(seconds) * 1_000_000) }

@Suite struct SchedulingRulesTests {
  /// Jobs come and end as they please for a while: no limit is ever passed, nothing is idle that
  /// need not be, and in the end everything that was wanted has run.
  @Test(arguments: 0..<200 as Range<UInt64>) func limitsHoldAndNothingStarves(seed: UInt64) {
    var lab = RandomScheduling(seed: seed)
    let rules = lab.rules
    var waiting: [CompactionRequest] = []
    var running = RunningCompactions()
    var endsAt: [(request: CompactionRequest, second: Int)] = []
    var waitMax = 0
    var started = 0
    for second in 0..<400 {
      for done in endsAt where done.second <= second { running.end(done.request) }
      endsAt.removeAll { $0.second <= second }
      if second < 200, lab.below(3) > 0 {
        waiting.append(lab.request(tablet: second, at: second))
      }
      let load = lab.random.nextUnit()
      while let place = rules.next(
        among: waiting, beside: running, now: time(second), machineLoad: load)
      {
        let request = waiting.remove(at: place)
        #expect(rules.openKinds(beside: running).contains(request.pick.kind))
        expectRoom(for: request, beside: running, rules)
        running.begin(request)
        started += 1
        endsAt.append((request, second + 1 + lab.below(4)))
        waitMax = max(waitMax, second - Int(request.waitingSince.rawValue / 1_000_000))
      }
      #expect(running.count > 0 || waiting.isEmpty, "idle although something is wanted")
    }
    #expect(waiting.isEmpty && running.count == 0, "\(waiting.count) of \(started) never ran")
  }

  private func expectRoom(
    for request: CompactionRequest, beside running: RunningCompactions, _ rules: SchedulingRules
  ) {
    for pool in rules.pools.indices where rules.pools[pool].kinds.contains(request.pick.kind) {
      let kinds = rules.pools[pool].kinds
      #expect(running.count(of: kinds) < rules.pools[pool].slotCount)
      let others = running.requests.filter { kinds.contains($0.pick.kind) && rules.isLarge($0) }
      if rules.isLarge(request) { #expect(others.count < rules.largeSlotCount(of: pool)) }
    }
    #expect(running.count < rules.slotCountMax ?? .max)
    if let permits = rules.permitCount, running.count > 0 {
      #expect(running.score + request.score <= permits)
    }
    if rules.reservesLastSlot, request.pick.kind != .cumulative,
      running.count + 1 == rules.slotCountMax
    {
      #expect(running.count(of: [.cumulative]) > 0, "the last slot is kept")
    }
  }

  /// A stream of requests that always look better keeps an old one waiting no longer than the
  /// patience and the jobs before it.
  @Test(arguments: SchedulingRules.Priority.allCases)
  func patienceEndsEveryWait(priority: SchedulingRules.Priority) {
    var rules = SchedulingRules(cumulativeSlotCount: 1)
    rules.priority = priority
    rules.patienceSeconds = 30
    rules.permitCount = 10
    let old = request(1, .cumulative, urgency: 0, score: 1, bytes: 1_000_000, since: 0)
    for second in 0..<100 {
      let young = request(2, .cumulative, urgency: 9, score: 9, bytes: 1, since: second)
      let place = rules.next(
        among: [young, old], beside: RunningCompactions(), now: time(second))
      if second > 30 || priority == .oldest && second > 0 {
        #expect(place == 1, "\(priority) at \(second)")
      } else if priority != .oldest {
        #expect(place == 0, "\(priority) at \(second)")
      }
    }
  }

  /// The first in line waits for permits, and nobody overtakes it.
  @Test func permitsAreWaitedForInLine() {
    var rules = SchedulingRules(cumulativeSlotCount: 4)
    rules.permitCount = 10
    rules.priority = .score
    var running = RunningCompactions()
    let first = request(1, .cumulative, urgency: 1, score: 4, bytes: 1, since: 0)
    running.begin(first)
    let large = request(2, .cumulative, urgency: 1, score: 25, bytes: 1, since: 0)
    let small = request(3, .cumulative, urgency: 1, score: 3, bytes: 1, since: 0)
    #expect(rules.next(among: [small, large], beside: running, now: time(1)) == nil)
    #expect(rules.next(among: [small], beside: running, now: time(1)) == 0)
    running.end(first)
    // More than there is runs alone.
    #expect(rules.next(among: [small, large], beside: running, now: time(1)) == 1)
  }

  /// Nine cumulative jobs for each other one, while both are wanted.
  @Test func rounds() {
    var rules = SchedulingRules(pools: [.init(kinds: [.cumulative, .base], slotCount: 1)])
    rules.cumulativeRounds = 9
    var running = RunningCompactions()
    let base = request(1, .base, urgency: 100, score: 1, bytes: 1, since: 0)
    let cumulative = request(2, .cumulative, urgency: 1, score: 1, bytes: 1, since: 0)
    var order: [CompactionKind] = []
    for _ in 0..<30 {
      guard let place = rules.next(among: [base, cumulative], beside: running, now: time(0))
      else { break }
      let chosen = [base, cumulative][place]
      order.append(chosen.pick.kind)
      running.begin(chosen)
      running.end(chosen)
    }
    #expect(order.indices.allSatisfy { (order[$0] == .base) == ($0 % 10 == 9) })
    #expect(order.count == 30)
    // Alone, neither waits for the other's turn.
    #expect(rules.next(among: [base], beside: running, now: time(0)) == 0)
  }

  @Test func throttle() {
    var rules = SchedulingRules(cumulativeSlotCount: 4)
    rules.throttle = .init(machineLoadMax: 0.8, scoreMax: 200, slotCount: 1)
    var running = RunningCompactions()
    running.begin(request(1, .cumulative, urgency: 1, score: 5, bytes: 1, since: 0))
    func next(score: Int, load: Double) -> Int? {
      rules.next(
        among: [request(2, .cumulative, urgency: 1, score: score, bytes: 1, since: 0)],
        beside: running, now: time(0), machineLoad: load)
    }
    #expect(next(score: 200, load: 0.9) == nil)
    #expect(next(score: 201, load: 0.9) == 0)
    #expect(next(score: 200, load: 0.8) == 0)
  }

  /// Greedy sharing gives the job with least left all it can use, and what that leaves to the next.
  @Test(arguments: 0..<100 as Range<UInt64>) func greedyPauses(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var rules = SchedulingRules()
    rules.bandwidth = 10 + 90 * random.nextUnit()
    let jobs = (0..<1 + Int(random.next() % 6)).map { _ in
      JobDemand(bytesPerSecond: 1 + 100 * random.nextUnit(), secondsLeft: random.nextUnit())
    }
    for sharing in SchedulingRules.Sharing.allCases {
      rules.sharing = sharing
      let rates = rules.rates(of: jobs, limit: 50)
      let used = zip(jobs, rates).reduce(0) { $0 + $1.0.bytesPerSecond * $1.1 }
      let demand = jobs.reduce(0) { $0 + $1.bytesPerSecond }
      #expect(abs(used - min(rules.bandwidth, 50, demand)) < 1e-9, "all of it, and not more")
      #expect(rates.allSatisfy { (0...1).contains($0) })
      if sharing == .fair { #expect(rates.allSatisfy { $0 == rates[0] }) }
      guard sharing == .greedy else { continue }
      let order = jobs.indices.sorted { jobs[$0].secondsLeft < jobs[$1].secondsLeft }
      // Whoever comes after a job that does not get all it wants pauses.
      for (before, after) in zip(order, order.dropFirst()) where rates[before] < 1 {
        #expect(rates[after] < 1e-9)
      }
    }
  }

  @Test func scansAndTriggers() {
    var rules = SchedulingRules()
    #expect((1...5).allSatisfy { rules.isTriggered(byLoad: $0) })
    #expect(rules.scanTime(after: 3) == nil)
    rules.publishTrigger = 3
    rules.scanSeconds = 2
    #expect((1...9).filter { rules.isTriggered(byLoad: $0) } == [3, 6, 9])
    rules.publishTrigger = 0
    #expect(!(1...9).contains { rules.isTriggered(byLoad: $0) })
    for seconds in [0, 0.1, 1.999, 2, 3, 1e9, 1.79e9 + 0.3] {
      let next = rules.scanTime(after: seconds) ?? 0
      #expect(next > seconds && next <= seconds + 2.000001)
    }
  }

  private func request(
    _ tablet: UInt64, _ kind: CompactionKind, urgency: Double, score: Int, bytes: Int, since: Int
  ) -> CompactionRequest {
    CompactionRequest(
      tablet: TabletID(rawValue: tablet),
      pick: CompactionPick(
        kind: kind, versions: VersionRange(Version(0), Version(5)), urgency: urgency),
      score: score, byteCount: bytes, waitingSince: time(since))
  }
}

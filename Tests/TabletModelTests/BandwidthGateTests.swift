import StorageBase
import TabletModel
import Testing

/// Jobs at the gate in virtual time, each with pages of its own size and work of its own between.
private struct GateLab {
  struct Job {
    let ticket: BandwidthGate.Ticket
    let pageByteCount: Int
    let secondsPerPage: Double
    var left: Int
    var nextAskAt: Double
    var taken = 0
    var endedAt: Double?
  }

  var gate: BandwidthGate
  var jobs: [Job] = []
  var now = 0.0
  var taken = 0

  init(_ rules: SchedulingRules) { gate = BandwidthGate(rules) }

  mutating func enter(byteCount: Int, page: Int, secondsPerPage: Double) {
    jobs.append(
      Job(
        ticket: gate.enter(byteCount: byteCount), pageByteCount: page,
        secondsPerPage: secondsPerPage, left: byteCount, nextAskAt: now))
  }

  /// The next job asks; false when all have ended.
  mutating func step() -> Bool {
    let open = jobs.indices.filter { jobs[$0].endedAt == nil }
    guard let place = open.min(by: { jobs[$0].nextAskAt < jobs[$1].nextAskAt }) else {
      return false
    }
    now = max(now, jobs[place].nextAskAt)
    let bytes = min(jobs[place].left, jobs[place].pageByteCount)
    let time = Timestamp(rawValue: Int64(now * 1e6))
    if let wait = gate.take(bytes, for: jobs[place].ticket, at: time) {
      jobs[place].nextAskAt = now + max(wait, 1e-6)
      return true
    }
    taken += bytes
    jobs[place].taken += bytes
    jobs[place].left -= bytes
    jobs[place].nextAskAt = now + jobs[place].secondsPerPage
    if jobs[place].left == 0 {
      jobs[place].endedAt = now
      gate.leave(jobs[place].ticket)
    }
    return true
  }
}

@Suite struct BandwidthGateTests {
  @Test(arguments: 0..<60 as Range<UInt64>) func theBandwidthIsKeptAndUsed(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var rules = SchedulingRules(sharing: seed % 2 == 0 ? .fair : .greedy)
    rules.bandwidth = 1000 + 100_000 * random.nextUnit()
    var lab = GateLab(rules)
    var total = 0
    for _ in 0..<1 + Int(random.next() % 5) {
      let page = 1 + Int(random.next() % 500)
      let byteCount = page * (1 + Int(random.next() % 200))
      total += byteCount
      lab.enter(byteCount: byteCount, page: page, secondsPerPage: 0)
    }
    var steps = 0
    while lab.step(), steps < 1_000_000 {
      steps += 1
      // What collects in a tenth of a second, and one page more than there was.
      #expect(Double(lab.taken) <= rules.bandwidth * (lab.now + 0.1) + 501)
    }
    #expect(lab.taken == total, "all of them end")
    // Nobody had anything else to do, so the time is that of the bytes.
    #expect(lab.now <= Double(total) / rules.bandwidth + 0.01 * Double(lab.jobs.count) + 0.01)
  }

  @Test func fairJobsGetAlike() {
    var rules = SchedulingRules(sharing: .fair)
    rules.bandwidth = 10_000
    var lab = GateLab(rules)
    // Alike in bytes, not in pages.
    for page in [100, 700] { lab.enter(byteCount: 70_000, page: page, secondsPerPage: 0) }
    while lab.step() {
      if lab.jobs.allSatisfy({ $0.endedAt == nil }) {
        #expect(abs(lab.jobs[0].taken - lab.jobs[1].taken) <= 1400)
      }
      // One that comes later is not given what it has not waited for.
      if lab.taken > 20_000, lab.jobs.count == 2 {
        lab.enter(byteCount: 30_000, page: 100, secondsPerPage: 0)
      }
    }
    #expect((lab.jobs[2].endedAt ?? 0) > (30_000.0 * 3 - 3000) / 10_000)
  }

  /// A job pauses when a smaller one comes, and goes on after it.
  @Test func greedyJobsPause() {
    var rules = SchedulingRules(sharing: .greedy)
    rules.bandwidth = 10_000
    var lab = GateLab(rules)
    lab.enter(byteCount: 100_000, page: 100, secondsPerPage: 0)
    while lab.taken < 20_000 { _ = lab.step() }
    lab.enter(byteCount: 10_000, page: 100, secondsPerPage: 0)
    let before = lab.jobs[0].taken
    while lab.jobs[1].endedAt == nil { _ = lab.step() }
    #expect(lab.jobs[0].taken - before <= 200, "it has paused")
    while lab.step() {}
    #expect(lab.jobs[0].taken == 100_000)
  }

  /// A job that has other things to do between its pages leaves the rest to others.
  @Test func whatIsNotAskedForIsLeftToOthers() {
    var rules = SchedulingRules(sharing: .greedy)
    rules.bandwidth = 10_000
    var lab = GateLab(rules)
    lab.enter(byteCount: 10_000, page: 100, secondsPerPage: 0.05)
    lab.enter(byteCount: 50_000, page: 100, secondsPerPage: 0)
    while lab.step() {}
    #expect(lab.now < 7, "60 000 bytes at 10 000 a second")
  }

  @Test func aClockThatIsSetBackStopsNobody() {
    var rules = SchedulingRules()
    rules.bandwidth = 1000
    var gate = BandwidthGate(rules)
    let ticket = gate.enter(byteCount: 10_000)
    #expect(gate.take(5000, for: ticket, at: Timestamp(rawValue: 1_000_000_000)) == nil)
    #expect((gate.take(1, for: ticket, at: Timestamp(rawValue: 0)) ?? 0) > 4)
    #expect(gate.take(1, for: ticket, at: Timestamp(rawValue: 6_000_000)) == nil)
  }
}

import StorageBase
import TabletModel
import Testing

@Suite struct BackPressureTests {
  /// The law of the pace, over random settings and limits.
  @Test(arguments: 0..<50) func thePaceGrowsFromNothingWithoutAStep(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let slowing = SmoothSlowing(
      softFraction: random.nextUnit() * 0.95, horizonSeconds: random.nextUnit() * 100,
      patienceSeconds: random.nextUnit() * 10)
    let policy = BackPressure.smooth(slowing)
    let limit = 1 + Int(random.next() % 5000)
    var last = 0.0
    for count in 0...limit + 10 {
      let interval = policy.intervalSeconds(versionCount: count, limit: limit)
      #expect(interval >= last, "not monotone at \(count) of \(limit)")
      #expect(interval <= slowing.horizonSeconds)
      if Double(count) <= slowing.softFraction * Double(limit) { #expect(interval == 0) }
      #expect(policy.isFull(versionCount: count, limit: limit) == (count >= limit))
      last = interval
    }
    #expect(last == slowing.horizonSeconds)
  }

  /// Looked at closely enough there is no step anywhere below the last few versions.
  @Test func thePaceIsContinuous() {
    let slowing = SmoothSlowing()
    let limit = 10_000_000
    let counts = stride(from: 0, to: limit * 9 / 10, by: 1000)
    for count in counts {
      let here = slowing.intervalSeconds(versionCount: count, limit: limit)
      let there = slowing.intervalSeconds(versionCount: count + 1, limit: limit)
      // Against the greatest interval of that stretch.
      #expect(
        there - here < 1e-4 * slowing.intervalSeconds(versionCount: limit * 9 / 10, limit: limit))
    }
  }

  @Test func othersNeverSlow() {
    for policy in [BackPressure.none, .hard] {
      #expect(policy.intervalSeconds(versionCount: 5000, limit: 2000) == 0)
      #expect(policy.patienceSeconds == 0)
    }
    #expect(BackPressure.hard.isFull(versionCount: 2000, limit: 2000))
    #expect(!BackPressure.none.isFull(versionCount: 2_000_000, limit: 2000))
  }

  /// Whoever comes less often than the pace goes on at once; a crowd is let through at the pace.
  @Test func theLineMovesAtThePace() {
    var line = LoadLine(at: Timestamp(rawValue: 0))
    for second in 0..<100 {
      let now = Timestamp(rawValue: Int64(second) * 1_000_000)
      #expect(line.join(at: now, intervalSeconds: 0.9) == 0)
    }
    let later = Timestamp(rawValue: 200_000_000)
    for ahead in 0..<10 {
      #expect(line.join(at: later, intervalSeconds: 2) == Double(ahead))
    }
    #expect(line.join(at: later.advanced(bySeconds: 8), intervalSeconds: 2) == 6)
    line.leave()
    // Set back, the clock lets the line stand still.
    #expect(line.join(at: Timestamp(rawValue: 0), intervalSeconds: 2) == 6)
    #expect(line.join(at: Timestamp(rawValue: 0), intervalSeconds: 0) == 0)
  }

  /// A tablet that is seen full for the first time, later, and after it has taken a load.
  @Test func theTimeOfBeingFullIsKept() {
    var line = LoadLine(at: Timestamp(rawValue: 0))
    let (first, later) = (Timestamp(rawValue: 5_000_000), Timestamp(rawValue: 9_000_000))
    #expect(line.fullSeconds(at: first, newest: Version(7)) == 0)
    #expect(line.fullSeconds(at: later, newest: Version(7)) == 4)
    #expect(line.fullSeconds(at: later, newest: Version(8)) == 0)
    #expect(line.fullSeconds(at: first, newest: Version(8)) == 0)
    let pressure = [LoadWait.Pressure(intervalSeconds: 1, fullSeconds: 4)]
    #expect(LoadWait(ahead: [0]).step(pressure, patienceSeconds: 4) == .giveUp)
  }

  @Test func aLoadWaitsForAllItsTablets() {
    var wait = LoadWait(ahead: [3, 1])
    let pressures = [
      LoadWait.Pressure(intervalSeconds: 0.1),
      LoadWait.Pressure(intervalSeconds: 0.6),
    ]
    while case .pause(let seconds) = wait.step(pressures, patienceSeconds: 10) {
      wait.pass(seconds: seconds, pressures)
    }
    #expect(abs(wait.waitedSeconds - 0.6) < 1e-3)
    // When compaction has made room nobody waits on.
    let freed = LoadWait(ahead: [3, 1])
    let none = LoadWait.Pressure(intervalSeconds: 0)
    #expect(freed.step([none, none], patienceSeconds: 10) == .proceed)
  }

  @Test func nobodyWaitsLongerThanThePatience() {
    for isFull in [false, true] {
      var wait = LoadWait(ahead: [1000])
      let pressure = [LoadWait.Pressure(intervalSeconds: 5, fullSeconds: isFull ? 0 : nil)]
      var end = LoadWait.Step.proceed
      while true {
        let step = wait.step(pressure, patienceSeconds: 1.5)
        guard case .pause(let seconds) = step else {
          end = step
          break
        }
        wait.pass(seconds: seconds, pressure)
      }
      #expect(abs(wait.waitedSeconds - 1.5) < 1e-9)
      #expect(end == (isFull ? .giveUp : .proceed))
    }
  }
}

/// The whole loop in virtual time: writers that never rest against a compaction of some speed.
@Suite struct ClosedLoopTests {
  private static let limit = 400

  /// The versions settle below the limit, nobody is refused, and loads come as fast as compaction
  /// can follow.
  @Test(arguments: [1, 8, 64], [10.0, 100, 800])
  func versionsSettleBelowTheLimit(writerCount: Int, rate: Double) {
    // Each writer loads once in its patience at least: slower compaction cannot be followed.
    guard Double(writerCount) < rate * SmoothSlowing().patienceSeconds * 0.8 else { return }
    var loop = ClosedLoop(
      policy: .smooth(SmoothSlowing()), limit: Self.limit, writerCount: writerCount,
      compaction: .steady(perSecond: rate))
    loop.run(untilSeconds: 40)
    #expect(loop.refusedCount == 0)
    #expect(loop.countMax < Self.limit)
    loop.resetExtremes()
    let (before, loads) = (loop.count, loop.loadCounts)
    loop.run(untilSeconds: 60)
    #expect(loop.refusedCount == 0)
    // Settled: neither does it drift nor swing.
    #expect(abs(loop.count - before) < 20 && loop.countMax - before < 20, "swings")
    let done = zip(loop.loadCounts, loads).map { Double($0 - $1) }
    let offered = Double(writerCount) / loop.thinkSeconds
    let throughput = done.reduce(0, +) / 20
    #expect(throughput > min(rate, offered) * 0.9, "\(throughput) of \(rate) loads/s")
    // Fair: nobody starves.
    #expect((done.min() ?? 0) > 0.5 * throughput * 20 / Double(writerCount))
  }

  /// Compaction that frees hundreds of versions at once, after seconds of nothing.
  @Test(arguments: [4, 24], [0.2, 2, 8])
  func slowJobsAreWaitedFor(writerCount: Int, secondsPerJob: Double) {
    var loop = ClosedLoop(
      policy: .smooth(SmoothSlowing()), limit: Self.limit, writerCount: writerCount,
      compaction: .jobs(secondsPerJob: secondsPerJob, versionsPerSecond: 2000))
    loop.run(untilSeconds: 100)
    #expect(loop.refusedCount == 0)
    #expect(loop.countMax < Self.limit)
    // What a job frees is filled again: the engine does not stay slow.
    #expect(Double(loop.loadCount) > 100 / (secondsPerJob + 0.2) * 100)
  }

  /// As above with a hard limit: the writers meet it, and are refused again and again.
  @Test func aHardLimitRefuses() {
    var loop = ClosedLoop(
      policy: .hard, limit: Self.limit, writerCount: 8, compaction: .steady(perSecond: 400))
    loop.run(untilSeconds: 60)
    #expect(loop.countMax == Self.limit)
    #expect(loop.refusedCount > loop.loadCount)
    #expect(loop.waitLongest == 0)
  }

  /// Writers below what compaction can follow are never slowed.
  @Test func writersThatCompactionFollowsAreNotSlowed() {
    var loop = ClosedLoop(
      policy: .smooth(SmoothSlowing()), limit: Self.limit, writerCount: 8,
      compaction: .steady(perSecond: 900))
    loop.thinkSeconds = 0.01
    loop.run(untilSeconds: 40)
    #expect(loop.waitLongest == 0)
    #expect(loop.loadCount >= 31_000)
  }

  /// Without compaction the versions that are left last for a while; then loads are refused.
  @Test func withoutCompactionLoadsAreRefusedInTheEnd() {
    var loop = ClosedLoop(
      policy: .smooth(SmoothSlowing()), limit: Self.limit, writerCount: 4,
      compaction: .steady(perSecond: 0))
    loop.run(untilSeconds: 30)
    #expect(loop.refusedCount == 0)
    loop.run(untilSeconds: 200)
    #expect(loop.countMax == Self.limit)
    #expect(loop.refusedCount > 0)
    #expect(loop.waitLongest <= SmoothSlowing().patienceSeconds + 1e-6)
  }
}

import StorageBase
import Testing

@testable import WorkloadGroups

/// What the admission queue promises, in virtual time.
@Suite struct AdmissionTests {
  private typealias Arrival = AdmissionWorld.Arrival

  private func merged(_ parts: [Arrival]...) -> [Arrival] {
    parts.flatMap { $0 }.sorted { $0.at < $1.at }
  }

  /// Two threads, scans of half a second that come faster than they can be done, and lookups of
  /// a tenth of a millisecond.
  private func scansBesideLookups(scanConcurrency: Int) throws -> (lookups: [Double], scans: Int) {
    var random = SeededGenerator(seed: 5)
    let arrivals = merged(
      Arrival.poisson(
        group: 0, perSecond: 500, to: 10, serviceSeconds: 0.0001, random: &random),
      Arrival.poisson(group: 1, perSecond: 8, to: 10, serviceSeconds: 0.5, random: &random))
    var world = try AdmissionWorld(
      [
        WorkloadGroup(name: "lookups", weight: 8),
        WorkloadGroup(name: "scans", concurrencyMax: scanConcurrency),
      ], threads: 2)
    world.run(arrivals)
    return (world.latencies(of: 0, arrivals), world.latencies(of: 1, arrivals).count)
  }

  @Test func longScansDoNotStarveLookups() throws {
    let apart = try scansBesideLookups(scanConcurrency: 1)
    #expect(apart.lookups.count > 4000 && apart.scans > 50)
    #expect(apart.lookups[apart.lookups.count * 99 / 100] < 0.002)
    #expect(try #require(apart.lookups.last) < 0.01)
    // Without a thread that scans may not take, lookups wait for them.
    let mixed = try scansBesideLookups(scanConcurrency: 2)
    #expect(mixed.lookups[mixed.lookups.count / 2] > 0.02)
  }

  /// Twice as many operations as can be done: half of them are refused, those that are done have
  /// waited no longer than they may, threads are never idle, and afterwards all is as before: at
  /// once where the newest go first, else when those are gone that have piled up.
  @Test(arguments: [Double.infinity, 0.05])
  func overloadIsRefusedAndPasses(newestFirstSeconds: Double) throws {
    var random = SeededGenerator(seed: 9)
    let service = 0.004
    let timeout = 0.4
    let arrivals = merged(
      Arrival.poisson(group: 0, perSecond: 250, to: 5, serviceSeconds: service, random: &random),
      Arrival.poisson(
        group: 0, perSecond: 1000, from: 5, to: 10, serviceSeconds: service, random: &random),
      Arrival.poisson(
        group: 0, perSecond: 250, from: 10, to: 15, serviceSeconds: service, random: &random))
    var world = try AdmissionWorld(
      [
        WorkloadGroup(
          name: "queries", queueCountMax: 1000, queueSecondsMax: timeout,
          newestFirstSeconds: newestFirstSeconds)
      ], threads: 2)
    world.run(arrivals)
    func share(_ seconds: Range<Int64>) -> (done: Int, refused: Int, worst: Double) {
      var (done, refused, worst) = (0, 0, 0.0)
      for (arrival, fate) in zip(arrivals, world.fates)
      where seconds.contains(arrival.at.rawValue / 1_000_000) {
        switch fate {
        case .done(let latency): (done, worst) = (done + 1, max(worst, latency))
        case .refused(let reason, let after):
          refused += 1
          #expect(after <= timeout + 2 * service)
          guard case .waitedTooLong = reason else {
            Issue.record("\(reason)")
            continue
          }
        case nil: Issue.record("an operation without an end")
        }
      }
      return (done, refused, worst)
    }
    let (before, during, after) = (share(0..<5), share(5..<10), share(10..<15))
    #expect(before.refused == 0 && before.worst < 0.1)
    // Two threads do 500 operations a second, those in line at the end included.
    #expect((2400...2750).contains(during.done))
    #expect(during.refused > 2100)
    #expect(during.worst <= timeout + 2 * service)
    if newestFirstSeconds.isFinite {
      #expect(after.refused == 0 && after.worst < 0.1)
    } else {
      #expect(after.refused < 150 && share(11..<15).refused == 0 && share(11..<15).worst < 0.1)
    }
  }

  @Test func aFullLineRefusesAtOnce() throws {
    var queue = try AdmissionQueue<Int>(
      [WorkloadGroup(name: "loads", concurrencyMax: 1, queueCountMax: 2)])
    let now = Timestamp(rawValue: 0)
    for work in 0..<2 { _ = try queue.submit(work, AdmissionRequest(group: 0), at: now) }
    let begun = queue.next(at: now)
    let first = try #require(begun)
    _ = try queue.submit(2, AdmissionRequest(group: 0), at: now)
    let refusal = AdmissionRefusal.queueFull(group: "loads", count: 2, limit: 2)
    #expect(throws: refusal) { try queue.submit(3, AdmissionRequest(group: 0), at: now) }
    let second = queue.next(at: now).map(\.work)
    #expect(second == nil)
    queue.finish(first)
    let third = queue.next(at: now).map(\.work)
    #expect(third == 1)
    #expect(queue.counters[0].refusedForQueueCount == 1 && queue.counters[0].waitingCount == 1)
    #expect("\(refusal)".contains("2 operations wait in workload group loads, the limit is 2"))
  }

  /// Groups that always have work get it done by their weights, whatever their operations cost.
  @Test func weightsShareTheThreads() throws {
    var random = SeededGenerator(seed: 2)
    let arrivals = merged(
      Arrival.poisson(group: 0, perSecond: 1500, to: 10, serviceSeconds: 0.002, random: &random),
      Arrival.poisson(group: 1, perSecond: 250, to: 10, serviceSeconds: 0.014, random: &random))
    var world = try AdmissionWorld(
      [
        WorkloadGroup(name: "heavy", weight: 3, queueSecondsMax: 0.1),
        WorkloadGroup(name: "light", weight: 1, queueSecondsMax: 0.1),
      ], threads: 1)
    world.run(arrivals)
    let done = [0, 1].map { Double(world.latencies(of: $0, arrivals).count) }
    let ratio = done[0] * 0.002 / (done[1] * 0.014)
    #expect(ratio > 2.6 && ratio < 3.4, "\(ratio)")
    #expect(world.busySeconds > 9.8)
  }

  /// A group that comes back after a long rest has its turn at once, and not for as long as it
  /// rested.
  @Test func restSavesNoTurns() throws {
    var arrivals = (0..<1000).map {
      Arrival(group: 0, at: Timestamp(rawValue: Int64($0) * 1000), serviceSeconds: 0.001)
    }
    arrivals += (0..<400).map { _ in
      Arrival(group: 1, at: Timestamp(rawValue: 900_000), serviceSeconds: 0.001)
    }
    arrivals.sort { $0.at < $1.at }
    var world = try AdmissionWorld(
      [WorkloadGroup(name: "steady"), WorkloadGroup(name: "burst")], threads: 1)
    world.run(arrivals)
    let late = world.latencies(of: 0, arrivals) { $0.at.rawValue >= 900_000 }
    // They take turns from then on.
    #expect(try #require(late.first) <= 0.003)
    #expect(try #require(late.last) < 0.25)
    #expect(try #require(world.latencies(of: 1, arrivals).last) < 0.55)
  }

  /// One that needs much memory waits until others have given it back, and keeps nobody of another
  /// group waiting; one that needs more than there is is refused.
  @Test func memoryIsThereBeforeAnOperationBegins() throws {
    func arrival(_ group: Int, _ milliseconds: Int64, bytes: Int) -> Arrival {
      Arrival(
        group: group, at: Timestamp(rawValue: milliseconds * 1000), serviceSeconds: 0.1,
        byteCount: bytes)
    }
    let arrivals = [
      arrival(0, 0, bytes: 600), arrival(0, 1, bytes: 500), arrival(1, 2, bytes: 300),
      arrival(0, 3, bytes: 1001),
    ]
    var world = try AdmissionWorld(
      [WorkloadGroup(name: "a"), WorkloadGroup(name: "b")], threads: 4, memory: 1000)
    world.run(arrivals)
    #expect(world.beginOrder == [0, 2, 1])
    #expect(
      world.fates[3]
        == .refused(
          .memoryExceeded(
            owner: "an operation of workload group a", byteCount: 1001, limit: 1000),
          afterSeconds: 0))
    #expect(world.queue.memory.byteCount == 0 && world.queue.memory.peakByteCount <= 1000)
  }

  @Test func theClientsOwnTimeIsKept() throws {
    let arrivals = [
      Arrival(group: 0, at: Timestamp(rawValue: 0), serviceSeconds: 1),
      Arrival(group: 0, at: Timestamp(rawValue: 0), serviceSeconds: 1, deadlineSeconds: 0.25),
      Arrival(group: 0, at: Timestamp(rawValue: 300_000), serviceSeconds: 1),
    ]
    var world = try AdmissionWorld(
      [WorkloadGroup(name: "a", queueSecondsMax: 10)], threads: 1)
    world.run(arrivals)
    #expect(
      world.fates[1]
        == .refused(.deadlinePassed(group: "a", seconds: 0.3, limit: 0.25), afterSeconds: 0.3))
    #expect(world.fates[2] == .done(latencySeconds: 1.7))
  }
}

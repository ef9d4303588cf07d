import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Merges everything once there are enough components; until then it waits for a time far away.
private struct PatientPolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count, age", layout: "single run", granularity: "whole tablet",
      movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let components = facts.components
    guard let first = components.first, facts.inFlight.isEmpty else {
      return .wait(until: nil, because: "nothing to merge")
    }
    let isDue = first.createdAt.advanced(bySeconds: 3600) <= facts.now
    guard components.count > 1, components.count > 3 || isDue else {
      return .wait(until: facts.now.advanced(bySeconds: 3600), because: "few and young")
    }
    return .compact([.merging(components, kind: .cumulative)], because: "many or old")
  }
}

/// A policy that wants to be asked again at some time is asked before if the tablet has changed.
/// (Time-series and clickhouse would have slept through all loads until their first age limit.)
@Suite struct PolicyPauseTests {
  @Test(arguments: [3, 4]) func changesEndAWait(loadCount: Int) throws {
    let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: clock, entropy: 7)
    try store.createTable(TestStore.definition(buckets: 1))
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: PatientPolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: executor)])
    scheduler.start()
    var random = SeededGenerator(seed: 1)
    for load in 0..<loadCount {
      try store.load(
        TestStore.batch(TestStore.rows(load: load, count: 5, random: &random)),
        into: TestStore.tableName)
      executor.runAll()
      scheduler.tick()
      executor.runAll()
    }
    let tablet = try #require(store.snapshot().first?.tablets.first)
    #expect(tablet.state.componentCount == (loadCount == 4 ? 1 : 3))
    // Without a change it is asked again at the time it has said, and not before.
    clock.advance(bySeconds: 1800)
    scheduler.tick()
    executor.runAll()
    #expect(store.tablet(tablet.id)?.state.componentCount == (loadCount == 4 ? 1 : 3))
    clock.advance(bySeconds: 1801)
    scheduler.tick()
    executor.runAll()
    #expect(store.tablet(tablet.id)?.state.componentCount == 1)
    scheduler.stop(cancelRunning: false)
  }
}

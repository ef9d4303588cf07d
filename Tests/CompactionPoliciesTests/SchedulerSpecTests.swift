import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@Suite struct SchedulerSpecTests {
  @Test func presets() throws {
    #expect(try ConfiguredScheduler(spec: "fair").rules == SchedulingRules())
    #expect(
      try ConfiguredScheduler(spec: "greedy:cumulative=5").rules
        == SchedulingRules(sharing: .greedy, cumulativeSlotCount: 5, baseSlotCount: 1))
    let single = try ConfiguredScheduler(spec: "single").rules
    #expect(single.pools.map(\.kinds) == [[.cumulative, .base, .full]])
    #expect(single.slotCount(of: 0) == 1 && single.publishTrigger == 1)
    let old = try ConfiguredScheduler(spec: "doris-1.0").rules
    #expect(old.pools.count == 1 && old.publishTrigger == 0 && old.scanSeconds == 2)
    #expect(old.permitCount == 10_000 && old.reservesLastSlot && old.cumulativeRounds == 9)
    let new = try ConfiguredScheduler(spec: "doris:slots=3").rules
    #expect(new.pools.count == 2 && new.publishTrigger == 10 && new.slotCountMax == 3)
    #expect(new.priority == .score && new.largeByteCountMin == 1 << 30)
    #expect(new.throttle == .init(machineLoadMax: 0.8, scoreMax: 200, slotCount: 2))
  }

  /// What is listed can be given, and makes the same rules.
  @Test(arguments: ConfiguredScheduler.names) func parametersRoundTrip(name: String) throws {
    let scheduler = try ConfiguredScheduler(spec: name)
    #expect(scheduler.spec == name && !scheduler.parameters.isEmpty)
    let full = try ConfiguredScheduler(spec: "\(name):\(scheduler.parameterList)")
    #expect(full.rules == scheduler.rules && full.spec == name)
    #expect(ConfiguredScheduler.parameters(of: name) == scheduler.parameters)
    let changed = try ConfiguredScheduler(spec: "\(name):patience_s=7,priority=smallest")
    #expect(changed.rules.patienceSeconds == 7 && changed.rules.priority == .smallest)
    #expect(changed.spec == "\(name):priority=smallest,patience_s=7.0")
  }

  @Test(arguments: [
    "unfair", "fair:slots", "fair:cumulative=0", "single:cumulative=1", "fair:publish=0",
    "doris:slots=1", "doris:priority=urgent", "fair:reserve=true", "doris:scan_s=0",
  ])
  func wrongSpecs(spec: String) {
    #expect(throws: StorageError.self) { try ConfiguredScheduler(spec: spec) }
  }

  @Test func specsCanBeOverridden() throws {
    let spec = try PolicySpec("fair:base=2", of: "scheduler", among: ["fair"])
    #expect(spec.setting("base", to: "3").text == "fair:base=3")
    #expect(spec.setting("a", to: "x").text == "fair:a=x,base=2")
    #expect(try PolicySpec("fair", of: "scheduler", among: ["fair"]).text == "fair")
  }
}

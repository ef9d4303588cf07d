import StorageBase
import TabletModel

extension SchedulingRules {
  init(_ parameters: inout PolicyParameters, defaults: SchedulerDefaults) {
    self.init(pools: Self.pools(&parameters, defaults))
    readSlots(&parameters, defaults)
    readOrder(&parameters, defaults)
    readTriggers(&parameters, defaults)
    readMachine(&parameters, defaults)
  }

  private static func pools(
    _ parameters: inout PolicyParameters, _ defaults: SchedulerDefaults
  ) -> [Pool] {
    guard let slots = defaults.poolSlots else {
      let all = parameters.integer(
        "slots", default: defaults.slots, in: 1...64, "compactions at a time, of all kinds")
      return [Pool(kinds: Set(CompactionKind.allCases), slotCount: all)]
    }
    return [
      Pool(
        kinds: [.cumulative],
        slotCount: parameters.integer(
          "cumulative", default: slots.cumulative, in: 1...64, "cumulative compactions at a time")),
      Pool(
        kinds: [.base, .full],
        slotCount: parameters.integer(
          "base", default: slots.base, in: 1...64, "base and full compactions at a time")),
    ]
  }

  private mutating func readSlots(
    _ parameters: inout PolicyParameters, _ defaults: SchedulerDefaults
  ) {
    if defaults.poolSlots == nil {
      slotCountMax = pools[0].slotCount
    } else {
      let slots = parameters.integer(
        "slots", default: defaults.slots, in: 0...128,
        "compactions of all kinds at a time; 0 is what the kinds have together")
      slotCountMax = slots == 0 ? nil : slots
    }
    reservesLastSlot = parameters.flag(
      "reserve", default: defaults.reservesLastSlot,
      "keeps the last of all slots for cumulative compaction unless one runs")
    parameters.require(
      !reservesLastSlot || slotCountMax ?? 0 >= 2,
      "reserve needs slots of at least 2, or nothing but cumulative compaction ever runs")
    let large = parameters.mebibytes(
      "large_mib", default: defaults.largeMebibytes, in: 0...(1 << 30),
      "inputs of more than this make a large job; 0 makes none")
    largeByteCountMin = large == 0 ? nil : large
    smallSlotCount = parameters.integer(
      "small_slots", default: 1, in: 0...64, "slots of a pool of several that no large job takes")
    let permits = parameters.integer(
      "permits", default: defaults.permits, in: 0...1_000_000_000,
      "sum of the scores of running jobs; 0 is no limit, a job of more runs alone")
    permitCount = permits == 0 ? nil : permits
  }

  private mutating func readOrder(
    _ parameters: inout PolicyParameters, _ defaults: SchedulerDefaults
  ) {
    let word = parameters.choice(
      "priority", default: defaults.priority.rawValue, among: Priority.allCases.map(\.rawValue),
      "which request comes first")
    priority = Priority(rawValue: word) ?? defaults.priority
    cumulativeRounds = parameters.integer(
      "rounds", default: defaults.rounds, in: 0...1_000_000,
      "cumulative compactions for each other one while both are wanted; 0 leaves it to priority")
    patienceSeconds = parameters.number(
      "patience_s", default: patienceSeconds, in: 0...1e9,
      "a request that has waited longer goes before younger ones")
  }

  private mutating func readTriggers(
    _ parameters: inout PolicyParameters, _ defaults: SchedulerDefaults
  ) {
    publishTrigger = parameters.integer(
      "publish", default: defaults.publish, in: 0...1_000_000,
      "asks the policy after every so many loads of a tablet; 0 leaves loads to scans")
    let scan = parameters.number(
      "scan_s", default: defaults.scanSeconds, in: 0...86_400,
      "seconds between scans for loads nobody has been asked about; 0 is never")
    scanSeconds = scan == 0 ? nil : scan
    parameters.require(
      publishTrigger == 1 || scanSeconds != nil,
      "loads that publish leaves out are found by scans, which scan_s=0 forbids")
    backOffSeconds = parameters.number(
      "backoff_s", default: defaults.backOffSeconds, in: 0...86_400,
      "seconds a tablet is left alone after a failure")
  }

  private mutating func readMachine(
    _ parameters: inout PolicyParameters, _ defaults: SchedulerDefaults
  ) {
    let word = parameters.choice(
      "sharing", default: defaults.sharing.rawValue, among: Sharing.allCases.map(\.rawValue),
      "how jobs share the bandwidth")
    sharing = Sharing(rawValue: word) ?? defaults.sharing
    let limit = parameters.number(
      "bandwidth_mib_s", default: 0, in: 0...1e9,
      "what all jobs together read and write; 0 is no limit")
    bandwidth = limit == 0 ? .infinity : limit * Double(1 << 20)
    let load = parameters.number(
      "throttle_load", default: defaults.throttleLoad, in: 0...1e6,
      "load per processor above which unimportant jobs get fewer slots; 0 is never")
    let score = parameters.integer(
      "throttle_score", default: 200, in: 0...1_000_000_000, "greatest score that is unimportant")
    let slots = parameters.integer(
      "throttle_slots", default: 2, in: 1...64, "slots while the load is above")
    throttle =
      load == 0 ? nil : Throttle(machineLoadMax: load, scoreMax: score, slotCount: slots)
  }
}

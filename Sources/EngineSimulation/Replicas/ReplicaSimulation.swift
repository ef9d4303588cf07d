import CompactionPolicies
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// Several replicas of one table, each a whole engine with a disk and a clock of its own, on one
/// thread: loads that reach them at different times, compactions that one does and others take
/// over, messages that are lost, late, doubled and damaged, disks that fail, machines that die in
/// the middle of anything, all chosen by one seed.
///
/// Every replica shows at every version what its loads up to it come to. At the end, when all is
/// well again, all show the same. In some runs replicas miss loads, or get others in their place:
/// then each shows what it was given, whatever the others have merged.
///
///     let trace = try ReplicaSimulation(seed: 17).run(stepCount: 200)
public final class ReplicaSimulation: @unchecked Sendable {
  /// Steps of a run unless told.
  public static let usualStepCount = 220

  // Everything happens on the thread that calls `run`; callbacks of the stores come back to it.
  var random: SeededGenerator
  var trace: SimulationTrace
  var network = SimulatedNetwork()
  let table: ReplicaTable
  let policy: any CompactionPolicy
  let machines: [ReplicaMachine]
  /// Whether replicas are not always given the same loads, as none should be: then what one has
  /// merged is of no use to another where they differ.
  let hasStrays: Bool
  private var depth = 0
  /// The machine that the step at work is of.
  private var activeID: ReplicaID?
  /// What a step inside another found wrong; it cannot throw through the engine.
  var innerFailure: SimulationFailure?

  static let policies = [
    "gradient:min_deltas=3", "num-based:min_deltas=2", "full:k=2", "universal", "size-tiered",
    "tiered", "leveled",
  ]

  /// - Parameter keepsEvents: whether the trace lists what happened, to be read by a person.
  public init(seed: UInt64, keepsEvents: Bool = false) throws {
    var random = SeededGenerator(seed: mixBits(seed ^ 0x5EED))
    let durabilities: [Durability] = [.sync, .sync, .sync, .group(milliseconds: 500), .none]
    let kinds = ReplicaTable.Keys.allCases
    table = try ReplicaTable(
      kinds[random.index(of: kinds)], seed: random.next(), bucketCount: 1 + Int(random.next() % 3),
      durability: durabilities[random.index(of: durabilities)])
    policy = try PolicyCatalogue.shipped.policy(Self.policies[random.index(of: Self.policies)])
      .policy
    let count = 2 + Int(random.next() % 3)
    let isMixed = random.next() % 4 == 0
    var options = Self.someOptions(&random)
    hasStrays = random.next() % 3 == 0
    machines = (0..<count).map { [table] number in
      if isMixed { options = Self.someOptions(&random) }
      return ReplicaMachine(
        id: ReplicaID(rawValue: UInt64(number + 1)), table: table, options: options,
        isLagging: random.next() % 3 == 0)
    }
    trace = SimulationTrace(keepsEvents: keepsEvents)
    self.random = random
  }

  private static func someOptions(_ random: inout SeededGenerator) -> StoreOptions {
    var options = StoreOptions(
      tabletVersionCountMax: 10_000, backPressure: .none,
      staleGraceSeconds: Double(random.next() % 4))
    options.inlineRowsetByteCountMax = [0, 1500, 1 << 16][Int(random.next() % 3)]
    options.logFileByteCountMax = [3000, 20_000, 1 << 20][Int(random.next() % 3)]
    options.segmentRowCountMax = [7, 40, 1 << 20][Int(random.next() % 3)]
    options.loadBufferByteCountMax = [1, 1 << 20][Int(random.next() % 2)]
    options.linkedSegmentByteCountMin = [0, 1000][Int(random.next() % 2)]
    return options
  }

  /// Runs `stepCount` steps, then lets all be well and checks everything.
  public func run(stepCount: Int) throws -> SimulationTrace {
    // The stores hold the disks, which call back here.
    defer { for machine in machines { machine.end(atOnce: true) } }
    for step in 0..<stepCount {
      do {
        try self.step()
        if let innerFailure { throw innerFailure }
      } catch {
        throw SimulationFailure("step \(step): \(error)")
      }
    }
    do {
      try heal()
    } catch {
      throw SimulationFailure("after the last step: \(error)")
    }
    return trace
  }

  /// What has happened so far, also in a run that has failed.
  public var events: [String] { trace.events ?? [] }

  private func step() throws {
    let machine = someMachine()
    let seconds = Double(random.next() % 1000) / 500
    for other in machines { other.world.clock.advance(bySeconds: seconds) }
    activeID = machine.id
    defer { activeID = nil }
    if machine.isInDoubt, machine.process != nil { machine.end(atOnce: true) }
    guard machine.process != nil else { return try restart(machine) }
    try run(ReplicaOperation.random(&random), on: machine)
    // A dying disk takes its machine with it.
    if machine.isDying, random.next() % 3 == 0 { losePower(machine) }
  }

  func someMachine() -> ReplicaMachine { machines[Int(random.next() % UInt64(machines.count))] }

  /// Lets something else happen in the middle of a step.
  func interrupt(oneIn chance: UInt64) {
    guard depth == 0, innerFailure == nil, random.next() % chance == 0 else { return }
    depth += 1
    defer { depth -= 1 }
    let machine = someMachine()
    guard machine.process != nil else { return }
    do {
      let operation = ReplicaOperation.randomInterruption(&random)
      if operation.endsProcess, machine.id == activeID { return }
      try run(operation, on: machine)
    } catch {
      innerFailure = SimulationFailure("within another step: \(error)")
    }
  }

  func uninterrupted<Result>(_ body: () throws -> Result) rethrows -> Result {
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  private func run(_ operation: ReplicaOperation, on machine: ReplicaMachine) throws {
    switch operation {
    case .load: try load(machine)
    case .work: try work(machine, jobCount: 1)
    case .workOff: try work(machine, jobCount: 20)
    case .poll: poll(machine)
    case .tick: machine.process?.scheduler.tick()
    case .sweep: try maintain(machine, "sweep") { _ = try $0.sweepStaleRowsets() }
    case .checkpoint: try maintain(machine, "checkpoint") { try $0.checkpoint() }
    case .read: try read(machine)
    case .readPast: try readPast(machine)
    case .changeWeather: changeWeather()
    case .isolate: isolate(machine)
    case .connect: network.isolated = []
    case .changeLive: changeLive(machine)
    case .failDisk: failDisk(machine)
    case .dieSoon: dieSoon(machine)
    case .wait:
      let seconds = Double(1 + random.next() % 20)
      for other in machines { other.world.clock.advance(bySeconds: seconds) }
    case .close:
      trace.note("close", "\(machine.id)")
      machine.end(atOnce: false)
    case .kill:
      trace.note("kill", "\(machine.id)")
      machine.end(atOnce: true)
    case .losePower: losePower(machine)
    }
  }

  func losePower(_ machine: ReplicaMachine) {
    trace.note("power failure", "\(machine.id)")
    machine.losePower(seed: random.next())
  }
}

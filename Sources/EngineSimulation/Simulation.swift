import CompactionPolicies
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// One run of the whole engine on one thread: loads, compactions, sweeps, checkpoints, reads,
/// restarts and power failures, on a disk that fails, with a clock that jumps, all chosen by one
/// seed.
///
/// The oracle knows what the client was told. After every restart all that was acknowledged must
/// be there once, what was refused must not, and the rest whole or not at all.
///
///     let trace = try Simulation(seed: 17).run(stepCount: 60)
///
/// A method calls another step only through `interrupt`, so that one step may run inside another
/// that is waiting for the disk.
public final class Simulation: @unchecked Sendable {
  /// Steps of a run unless told: enough for some restarts between loads and compactions.
  public static let usualStepCount = 60

  // Everything happens on the thread that calls `run`; callbacks of the store come back to it.
  var random: SeededGenerator
  var world: SimulatedWorld
  var oracle = Oracle()
  var trace: SimulationTrace
  let tables: [SampleTable]
  let policy: any CompactionPolicy
  var nextLoad = 1
  /// Snapshots that readers hold, with what they showed when they were taken.
  var held: [HeldSnapshot] = []
  /// Loads that have been encoded and not been committed.
  var prepared: [PreparedChange] = []
  /// Loads whose rows have arrived, in this process.
  var open: [OpenTransaction] = []
  /// Clients of group loads that wait for an answer, in this process.
  var tickets: [GroupTicket] = []
  /// Transactions that rows of group loads were announced with, in this process.
  var announced: [TransactionID] = []
  /// Backups that may be restored.
  var copies: [StoreCopy] = []
  var nextCopy = 1
  /// Whether the step at work copies a store, and the compactions of others come between.
  var isCopying = false
  /// Whether the step at work writes a checkpoint, and other steps come between.
  var isCheckpointing = false
  /// Whether the step at work makes rows of group loads visible.
  var isPublishing = false
  /// What goes wrong now.
  var plan = FaultPlan.none
  /// Steps until the power fails, when the disk is dying.
  private var stepsToLive: Int?
  private var depth = 0
  /// How often other steps have come between since the present step began.
  private(set) var interruptionCount = 0
  /// Whether compactions have been told to stop.
  var isCancelling = false
  /// What a step inside another found wrong; it cannot throw through the engine.
  var innerFailure: SimulationFailure?

  /// - Parameter keepsEvents: whether the trace lists what happened, to be read by a person.
  public init(seed: UInt64, keepsEvents: Bool = false) throws {
    var random = SeededGenerator(seed: seed)
    var options = StoreOptions(staleGraceSeconds: Double(random.next() % 4))
    options.inlineRowsetByteCountMax = [0, 1500, 1 << 16][Int(random.next() % 3)]
    options.logFileByteCountMax = [3000, 20_000, 1 << 20][Int(random.next() % 3)]
    if random.next() % 4 == 0 {
      options.loadBufferByteCountMax = 1
      options.segmentCompaction?.segmentCountMin = 2 + Int(random.next() % 3)
    }
    options.linkedSegmentByteCountMin = options.inlineRowsetByteCountMax == 0 ? 0 : 1000
    options.segmentRowCountMax = [7, 40, 1 << 20][Int(random.next() % 3)]
    options.tabletVersionCountMax = 10
    options.groupLoadSeconds = [0.5, 3, 10][Int(random.next() % 3)]
    options.groupLoadByteCount = [700, 4000, 1 << 20][Int(random.next() % 3)]
    options.chooseCaches(seed: seed)
    world = SimulatedWorld(options: options)
    let durabilities: [Durability] = [.sync, .sync, .group(milliseconds: 800), .none]
    tables = try Self.someTables(&random) { durabilities[$0.index(of: durabilities)] }
    let index = random.index(of: Self.policies)
    policy = try PolicyCatalogue.shipped.policy(Self.policies[index]).policy
    oracle.mayForgetDeletions = Self.policies[index] != "none"
    trace = SimulationTrace(keepsEvents: keepsEvents)
    self.random = random
  }

  /// The tables of a run, in half of the runs some with unique keys.
  private static func someTables(
    _ random: inout SeededGenerator, _ durability: (inout SeededGenerator) -> Durability
  ) throws -> [SampleTable] {
    let isIndexed = random.next() % 3 == 0
    guard random.next() % 2 == 0 else {
      return try SampleTable.all(isIndexed: isIndexed) { durability(&random) }
    }
    let merges: [UniqueKeyOptions.Merge] = [.onWrite, .onWrite, .onRead]
    return try SampleTable.keyed(
      isIndexed: isIndexed, durability: { durability(&random) },
      options: {
        UniqueKeyOptions(
          merge: merges[random.index(of: merges)],
          index: UniqueKeyOptions.Index.allCases[Int(random.next() % 2)],
          partialUpdates: PartialUpdate.Strategy.allCases[Int(random.next() % 2)])
      }, isSequenced: { random.next() % 2 == 0 },
      rowStore: { random.next() % 3 == 0 ? .all : nil })
  }

  /// Runs `stepCount` steps, then recovers once more without faults and checks everything.
  public func run(stepCount: Int) throws -> SimulationTrace {
    // The store holds the disk, which calls back here.
    defer { end(atOnce: true) }
    for step in 0..<stepCount {
      do {
        try self.step()
      } catch {
        throw SimulationFailure("step \(step): \(error)")
      }
    }
    do {
      try finish()
    } catch {
      throw SimulationFailure("after the last step: \(error)")
    }
    trace.count("faults", world.faultCount)
    return trace
  }

  /// What has happened so far, also in a run that has failed.
  public var events: [String] { trace.events ?? [] }

  private func step() throws {
    interruptionCount = 0
    world.clock.advance(bySeconds: Double(random.next() % 1000) / 500)
    if let steps = stepsToLive {
      stepsToLive = steps - 1
      if steps == 0 { return losePower() }
    }
    guard world.store != nil else { return try restart() }
    try run(Operation.random(&random))
    if let innerFailure { throw innerFailure }
  }

  /// Lets something else happen in the middle of a step.
  func interrupt(oneIn chance: UInt64) {
    guard depth == 0, innerFailure == nil, random.next() % chance == 0 else { return }
    depth += 1
    interruptionCount += 1
    defer { depth -= 1 }
    var inner: Operation?
    do {
      // What the step outside has made visible so far.
      try noticeGroupLoads()
      let isCompaction = isCopying && random.next() % 4 == 0
      let operation = isCompaction ? .compact : Operation.randomInterruption(&random)
      inner = operation
      try run(operation)
    } catch {
      innerFailure = SimulationFailure(
        "\(inner.map { "\($0)" } ?? "seen") within another step: \(error)")
    }
  }

  /// Runs something that nothing may come between.
  func uninterrupted<Result>(_ body: () throws -> Result) rethrows -> Result {
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  /// Whether a step may commit what is made of rows that others may change. After some conflicts
  /// such commits take turns, and one that is interrupted in its turn would wait for itself.
  var mayTakeTurns: Bool { isOutermost || interruptionCount <= 2 }

  /// Whether this is a step of its own, not one within another.
  var isOutermost: Bool { depth == 0 }

  private func run(_ operation: Operation) throws {
    switch operation {
    case .createTable: try createTable()
    case .load: try load()
    case .prepare: try prepare()
    case .commitPrepared: try commitPrepared()
    case .loadTogether: try loadTogether()
    case .beginTransaction: try beginTransaction()
    case .finishTransaction: try finishTransaction()
    case .commitTransaction: try commitTransaction()
    case .abortTransaction: try abortTransaction()
    case .inspect: try inspect()
    case .maintain: try maintain()
    case .groupLoad: try groupLoad()
    case .submitGroupRows: try submitGroupRows()
    case .flushGroupLoads: try flushGroupLoads()
    case .abortGroupLoad: try abortGroupLoad()
    case .updatePartially: try updatePartially()
    case .preparePartially: try preparePartially()
    case .precommitPartially: try precommitPartially()
    case .deleteByKey: try deleteByKey()
    case .deleteByCondition: try deleteByCondition()
    case .alter: try alter()
    case .backUp: try backUp()
    case .restore: try restore()
    case .compact: try compact()
    case .sweep: try maintain("sweep") { _ = try $0.sweepStaleRowsets() }
    case .checkpoint: try checkpoint()
    case .read: try read()
    case .readOlder: try readOlder()
    case .readHeld: try readHeld()
    case .hold: hold()
    case .release: if !held.isEmpty { held.remove(at: random.index(of: held)) }
    case .query: try query()
    case .injectFaults: injectFaults()
    case .fillDisk: fillDisk()
    case .endFaults: setFaults(.none)
    case .dieSoon: dieSoon()
    case .jumpClock: if !isPublishing { jumpClock() }
    case .close: end(atOnce: false)
    case .kill: end(atOnce: true)
    case .losePower: losePower()
    }
  }

  // MARK: The world

  private func restart() throws {
    switch random.next() % 8 {
    case 0: losePower()
    case 1: injectFaults()
    default: break
    }
    guard try world.open() else {
      for fault in world.lastFaults { trace.remark("\(fault)") }
      plan = .none
      trace.note("open refused")
      return
    }
    trace.note("open")
    world.files.onYield { self.interrupt(oneIn: 12) }
    try recover()
    if world.store != nil, random.next() % 3 == 0 { try flushGroupLoads() }
  }

  private func forgetProcess() {
    tickets.removeAll()
    announced.removeAll()
    oracle.processEnded()
    plan = .none
    stepsToLive = nil
    held.removeAll()
    prepared.removeAll()
    open.removeAll()
  }

  func end(atOnce: Bool) {
    noteFaults()
    trace.note(atOnce ? "kill" : "close")
    if !atOnce { forgetProcess() }
    world.end(atOnce: atOnce)
    forgetProcess()
  }

  private func losePower() {
    noteFaults()
    trace.note("power failure")
    world.losePower(seed: random.next())
    oracle.powerLost()
    forgetProcess()
  }

  private func dieSoon() {
    setFaults(.dying(atOperation: Int(random.next() % 60), seed: random.next()))
    stepsToLive = Int(random.next() % 6)
    trace.note("disk dies soon")
  }

  /// The clock of the machine is set: a little or by days, forward or back.
  private func jumpClock() {
    let seconds: [Double] = [-0.5, 90, -3600, 86_400, -86_400, 20 * 86_400, -20 * 86_400]
    let jump = seconds[random.index(of: seconds)]
    world.clock.advance(bySeconds: jump)
    trace.note("clock jumps", "\(jump)")
  }

  // MARK: The end

  private func finish() throws {
    // Nothing comes between any more.
    depth += 1
    defer { depth -= 1 }
    losePower()
    world.options.tabletVersionCountMax = 1000
    guard try world.open() else { throw SimulationFailure("open failed without a fault") }
    try recover()
    try readAll()
    try flushGroupLoads()
    try readAll()
    while !copies.isEmpty { try restore() }
    guard let store = world.store else { return }
    try verify(store)
    // The store goes on, and with nobody reading older versions it needs no more than is visible.
    try commitAll()
    for table in tables where !oracle.tables.contains(table.number) { try create(table) }
    try load()
    world.clock.advance(bySeconds: world.options.staleGraceSeconds + 30 * 86_400)
    try compact()
    world.clock.advance(bySeconds: world.options.staleGraceSeconds + 1)
    try store.sweepStaleRowsets()
    try store.checkpoint()
    try readAll()
    if let innerFailure { throw innerFailure }
    try verify(store)
    try checkFiles(store)
  }

  func verify(_ store: Store) throws {
    let problems = StoreVerifier(store).run().problems
    guard problems.isEmpty else { throw SimulationFailure("verify: \(problems)") }
  }
}

extension SeededGenerator {
  /// An index into a collection that is not empty.
  mutating func index(of array: [some Any]) -> Int { Int(next() % UInt64(array.count)) }
}

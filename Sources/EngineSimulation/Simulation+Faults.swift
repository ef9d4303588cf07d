import StorageBase
import StorageIO

// What goes wrong with the disk.
extension Simulation {
  func setFaults(_ plan: FaultPlan) {
    noteFaults()
    self.plan = plan
    world.setFaults(plan)
    trace.note(plan == .none ? "faults end" : "faults begin")
    for rule in plan.rules { trace.remark("\(rule)") }
  }

  /// Does something while nothing fails; the faults go on afterwards, from their beginning.
  func withoutFaults<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = plan
    plan = .none
    defer { plan = before }
    return try world.withoutFaults(before, body)
  }

  /// Lists what has gone wrong since the plan was set.
  func noteFaults() {
    for fault in world.faulty.injectedFaults { trace.remark("\(fault)") }
  }

  /// Some operations begin to fail at random.
  func injectFaults() {
    let kinds: [FaultPlan.Fault] = [
      .error(code: Self.ioError), .tornWrite(code: Self.ioError), .bitFlip, .shortRead,
      .error(code: Self.noSpaceError), .tornWrite(code: Self.noSpaceError),
    ]
    let operations: [Set<FileOperation>] = [
      Set(FileOperation.allCases), Set(FileOperation.allCases), [.sync, .syncDirectory],
      [.create, .rename, .remove, .truncate, .syncDirectory], [.read, .openForReading],
      [.append, .truncate],
    ]
    let places = ["", "", "/log/", "/data/", "/checkpoint/"]
    let rules = (0..<1 + Int(random.next() % 2)).map { _ in
      FaultPlan.Rule(
        kinds[random.index(of: kinds)], .random(Double(1 + random.next() % 12) / 100),
        operations: operations[random.index(of: operations)],
        pathPart: places[random.index(of: places)])
    }
    setFaults(FaultPlan(rules: rules, seed: random.next()))
  }

  /// There is room for a little more; `endFaults` makes some again.
  func fillDisk() {
    setFaults(FaultPlan(writableByteCount: random.next() % 6000, seed: random.next()))
  }

  private static let ioError: Int32 = 5
  private static let noSpaceError: Int32 = 28
}

import StorageBase
import StorageIO
import TabletEngine
import TabletModel

// What replicas do.
extension ReplicaSimulation {
  private static let loadCountMax = 50

  func restart(_ machine: ReplicaMachine) throws {
    if random.next() % 8 == 0 { losePower(machine) }
    guard try machine.world.open() else { return trace.note("open refused") }
    machine.world.files.onYield { self.interrupt(oneIn: 16) }
    trace.note("open", "\(machine.id)")
    try recover(machine)
  }

  /// Finds out how far a replica is, and begins to compact.
  func recover(_ machine: ReplicaMachine) throws {
    guard let store = machine.world.store else { return }
    guard try hasTable(store, machine) else { return machine.end(atOnce: true) }
    let versions = try store.snapshot(of: table.name).tablets.map(\.version)
    guard let count = machine.ledger.loadCount(with: versions) else {
      throw SimulationFailure("replica \(machine.id) has versions \(versions), as after no load")
    }
    let newest = machine.loadCount + (machine.isInDoubt ? 1 : 0)
    let isKept = count >= machine.loadCount || table.definition.durability != .sync
    guard count <= newest, isKept else {
      throw SimulationFailure(
        "replica \(machine.id) has \(count) loads, was told of \(machine.loadCount)")
    }
    machine.loadCount = count
    machine.isInDoubt = false
    machine.process = start(store, machine)
  }

  private func hasTable(_ store: Store, _ machine: ReplicaMachine) throws -> Bool {
    if store.snapshot().contains(where: { $0.definition.name == table.name }) { return true }
    guard machine.loadCount == 0 else {
      throw SimulationFailure("replica \(machine.id) has lost its table")
    }
    do {
      try store.createTable(table.definition)
      return true
    } catch {
      try excuse(error, "create", machine)
      return false
    }
  }

  private func start(_ store: Store, _ machine: ReplicaMachine) -> ReplicaMachine.Process {
    var options = StoreReplica.Options()
    options.rules = FollowingRules(
      waitSeconds: Double(random.next() % 30), scoreMax: 4 + Int(random.next() % 30),
      inputCountMin: 2 + Int(random.next() % 4),
      fetchByteCountMin: [0, 0, 0, 1500][Int(random.next() % 4)],
      smallInputCountMin: 2 + Int(random.next() % 6))
    options.keptCountMax = 1 + Int(random.next() % 6)
    options.keptSeconds = Double(5 + random.next() % 100)
    options.messageByteCount = [100, 1000, 1 << 20][Int(random.next() % 3)]
    let replica = StoreReplica(store, id: machine.id, entropy: random.next(), options: options)
    for peer in machines where peer.id != machine.id {
      let link = SimulatedLink(from: machine.id, to: peer.id) { try self.carry($1, on: $0) }
      replica.connect(peer.id, by: link)
    }
    let executor = SimulatedExecutor(seed: random.next())
    let scheduler = CompactionScheduler(
      store: store, policy: policy,
      rules: SchedulingRules(), executors: [executor, executor], seed: random.next(),
      replica: replica,
      onEvent: { self.finished($0, machine) },
      onRefusal: { self.innerFailure = SimulationFailure("a pick was refused: \($0)") })
    scheduler.start()
    return ReplicaMachine.Process(replica: replica, scheduler: scheduler, executor: executor)
  }

  private func finished(_ event: CompactionEvent, _ machine: ReplicaMachine) {
    let isFetch = event.fetchedByteCount != nil
    guard let error = event.error else {
      trace.note(isFetch ? "fetched" : "merged", "\(machine.id) \(event.versions)")
      if isFetch && hasStrays { trace.note("fetched among strays") }
      if event.linkedByteCount > 0 { trace.note("linked") }
      return
    }
    trace.note(isFetch ? "fetch failed" : "merge failed")
    trace.remark(error)
    if !isFetch, machine.world.isHealthy {
      innerFailure = SimulationFailure("a merge failed although nothing was wrong: \(error)")
    }
  }

  // MARK: Steps

  /// The next load reaches a replica.
  func load(_ machine: ReplicaMachine) throws {
    guard !machine.isInDoubt, !machine.isLoading, let store = machine.world.store,
      !machine.isLagging || random.next() % 3 == 0
    else { return }
    let number = machine.loadCount + 1
    guard number <= machine.ledger.loadCount || plan(machine) else { return }
    machine.isLoading = true
    defer { machine.isLoading = false }
    let prepared: PreparedLoad
    do {
      let (batch, deletions) = try table.batch(
        table.rows(ofLoad: machine.ledger.loads[number - 1]))
      let builder = try store.beginLoad(into: table.name)
      try builder.append(batch, deleteSigns: deletions)
      prepared = try builder.prepare()
    } catch {
      return try excuse(error, "load", machine)
    }
    do {
      let receipt = try store.commit(prepared)
      guard receipt.sequence == UInt64(number) else {
        throw SimulationFailure("load \(number) became commit \(receipt.sequence)")
      }
      machine.loadCount = number
      trace.note("load", "\(machine.id) \(number)")
    } catch {
      machine.isInDoubt = true
      try excuse(error, "load", machine)
    }
  }

  /// Chooses the next load of a replica.
  /// - Returns: false if there are enough.
  private func plan(_ machine: ReplicaMachine) -> Bool {
    if hasStrays, machine.commonCount < Self.loadCountMax, random.next() % 25 == 0 {
      machine.commonCount += 1
      if random.next() % 4 != 0 {
        trace.note("another load", "\(machine.id) \(machine.commonCount)")
        machine.ledger.add(
          load: machine.commonCount + Int(machine.id.rawValue) * Self.loadCountMax)
        return true
      }
      trace.note("load missed", "\(machine.id) \(machine.commonCount)")
    }
    guard machine.commonCount < Self.loadCountMax else { return false }
    machine.commonCount += 1
    machine.ledger.add(load: machine.commonCount)
    return true
  }

  func work(_ machine: ReplicaMachine, jobCount: Int) throws {
    guard let process = machine.process else { return }
    for _ in 0..<jobCount where process.executor.runNext() { interrupt(oneIn: 8) }
    if let innerFailure { throw innerFailure }
  }

  func poll(_ machine: ReplicaMachine) {
    guard let process = machine.process else { return }
    let tablets = process.replica.poll()
    if !tablets.isEmpty { trace.note("offers", "\(machine.id)") }
    process.scheduler.reconsider(tablets)
  }

  func maintain(
    _ machine: ReplicaMachine, _ what: String, _ body: (Store) throws -> Void
  ) throws {
    guard let store = machine.world.store else { return }
    do {
      try body(store)
      trace.note(what)
    } catch {
      try excuse(error, what, machine)
    }
  }

  /// A replica comes to believe that only some of the others are alive.
  func changeLive(_ machine: ReplicaMachine) {
    let isAll = random.next() % 2 == 0
    // In their order, so that the same seed does the same.
    let live = machines.map(\.id).filter { _ in isAll || random.next() % 2 == 0 }
    machine.process?.replica.setLive(Set(live))
    trace.note("believed alive", "\(machine.id): \(live)")
  }

  // MARK: The disk

  func failDisk(_ machine: ReplicaMachine) {
    let isOver = machine.world.faulty.injectedFaults.count > 0
    let kinds: [FaultPlan.Fault] = [
      .error(code: 5), .tornWrite(code: 5), .bitFlip, .shortRead, .error(code: 28),
    ]
    let rule = FaultPlan.Rule(
      kinds[random.index(of: kinds)], .random(Double(1 + random.next() % 10) / 100),
      operations: Set(FileOperation.allCases),
      pathPart: ["", "/data/", "/log/"][Int(random.next() % 3)])
    machine.world.setFaults(isOver ? .none : FaultPlan(rules: [rule], seed: random.next()))
    trace.note(isOver ? "faults end" : "faults begin", "\(machine.id)")
  }

  func dieSoon(_ machine: ReplicaMachine) {
    machine.isDying = true
    machine.world.setFaults(
      .dying(atOperation: Int(random.next() % 40), seed: random.next()))
    trace.note("disk dies soon", "\(machine.id)")
  }

  /// Accepts an error when something was made to fail.
  func excuse(_ error: any Error, _ what: String, _ machine: ReplicaMachine) throws {
    if let failure = error as? SimulationFailure { throw failure }
    guard !machine.world.isHealthy else {
      throw SimulationFailure(
        "\(what) on replica \(machine.id) failed although nothing was wrong: \(error)")
    }
    trace.note("\(what) failed", "\(machine.id)")
  }
}

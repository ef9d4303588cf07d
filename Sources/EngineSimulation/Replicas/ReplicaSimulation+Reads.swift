import StorageBase
import TabletEngine

// What replicas show.
extension ReplicaSimulation {
  func read(_ machine: ReplicaMachine) throws {
    guard let store = machine.world.store, !machine.isInDoubt else { return }
    do {
      try requireNewest(store, machine)
      trace.note("read")
    } catch {
      try excuse(error, "read", machine)
    }
  }

  /// A replica as it was after some load, if that is still kept.
  func readPast(_ machine: ReplicaMachine) throws {
    guard let store = machine.world.store, !machine.isInDoubt else { return }
    do {
      let count = Int(random.next() % UInt64(machine.loadCount + 1))
      let isKept = try requirePast(store, machine, loadCount: count)
      trace.note(isKept ? "read past" : "past gone")
    } catch {
      try excuse(error, "read past", machine)
    }
  }

  func requireNewest(_ store: Store, _ machine: ReplicaMachine) throws {
    let snapshot = try store.snapshot(of: table.name)
    let versions = snapshot.tablets.map(\.version)
    guard versions == machine.ledger.moments[machine.loadCount].versions else {
      throw SimulationFailure(
        "replica \(machine.id) has versions \(versions) after \(machine.loadCount) loads")
    }
    try requireRows(of: snapshot, machine, loadCount: machine.loadCount)
  }

  /// - Returns: whether the moment is still kept.
  private func requirePast(
    _ store: Store, _ machine: ReplicaMachine, loadCount: Int
  ) throws -> Bool {
    let now = try store.snapshot(of: table.name)
    guard let past = now.asOf(sequence: UInt64(loadCount)) else { return false }
    try requireRows(of: past, machine, loadCount: loadCount)
    return true
  }

  private func requireRows(
    of snapshot: TableSnapshot, _ machine: ReplicaMachine, loadCount: Int
  ) throws {
    for (bucket, tablet) in snapshot.tablets.enumerated() {
      let found = try table.digest(of: tablet)
      let expected = machine.ledger.moments[loadCount].digests[bucket]
      guard found == expected else {
        throw SimulationFailure(
          "replica \(machine.id), bucket \(bucket), after \(loadCount) loads: found "
            + "\(found.rowCount) rows, expected \(expected.rowCount), or other ones")
      }
    }
  }

  // MARK: The end

  /// All is well again: every replica gets all loads, and then all show the same, now and at every
  /// moment that is kept, also after a last power failure.
  func heal() throws {
    try uninterrupted {
      network.weather = .fine
      network.isolated = []
      for machine in machines {
        machine.end(atOnce: true)
        try restartSoundly(machine)
      }
      try deliverAll()
      for _ in 0..<12 { try settle() }
      for machine in machines {
        try requireAll(machine)
        losePower(machine)
        // What was promised less than the disk may be gone then.
        try restartSoundly(machine)
        if let store = machine.world.store { try requireNewest(store, machine) }
        machine.end(atOnce: false)
      }
    }
  }

  private func restartSoundly(_ machine: ReplicaMachine) throws {
    guard try machine.world.open() else { throw SimulationFailure("open failed without a fault") }
    try recover(machine)
    machine.process?.replica.setLive(Set(machines.map(\.id)))
  }

  private func deliverAll() throws {
    let count = machines.map(\.commonCount).max() ?? 0
    for machine in machines {
      var attempts = 0
      while machine.commonCount < count || machine.loadCount < machine.ledger.loadCount {
        try load(machine)
        attempts += 1
        guard attempts < 10_000 else {
          throw SimulationFailure("replica \(machine.id) does not get all loads")
        }
      }
    }
    guard !hasStrays else { return }
    for machine in machines where machine.ledger.loads != machines[0].ledger.loads {
      throw SimulationFailure("replica \(machine.id) was given other loads")
    }
  }

  /// Lets time pass until nobody has anything to do.
  private func settle() throws {
    for machine in machines { machine.world.clock.advance(bySeconds: 9) }
    for machine in machines {
      poll(machine)
      machine.process?.scheduler.tick()
      try work(machine, jobCount: 200)
    }
  }

  private func requireAll(_ machine: ReplicaMachine) throws {
    guard let store = machine.world.store else { return }
    try requireNewest(store, machine)
    for count in 0...machine.loadCount {
      _ = try requirePast(store, machine, loadCount: count)
    }
    try store.sweepStaleRowsets()
    try requireNewest(store, machine)
    let problems = StoreVerifier(store).run().problems
    guard problems.isEmpty else {
      throw SimulationFailure("verify of replica \(machine.id): \(problems)")
    }
  }
}

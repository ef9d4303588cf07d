import StorageBase
import TabletEngine
import TabletModel

// Loads of several clients that share a version, each a transaction under its own label.
extension Simulation {
  private struct Member {
    let label: String
    let part: Oracle.Change.Part
    let rows: LabelledRows
  }

  /// Several loads of one table in one commit.
  func loadTogether() throws {
    guard let store = world.store, !knownTables.isEmpty else { return }
    let table = knownTables[random.index(of: knownTables)]
    let members = try (0...random.next() % 4).map { _ in try member(of: table, in: store) }
    let results = uninterrupted {
      store.loadTogether(members.map(\.rows), into: table.name)
    }
    guard results.count == members.count else {
      throw SimulationFailure("\(members.count) loads together have \(results.count) results")
    }
    let now = world.clock.now()
    oracle.mayForget(before: now.advanced(bySeconds: -world.options.labelRetention.seconds))
    var visible: [(member: Member, receipt: CommitReceipt)] = []
    var failed: [(member: Member, error: any Error)] = []
    for (member, result) in zip(members, results) {
      switch result {
      case .success(let receipt): visible.append((member, receipt))
      case .failure(TransactionError.labelInUse(_, let id, let state)):
        // Also by another load of the same group.
        let isOwn = visible.contains { $0.receipt.transaction == id }
        if !isOwn { try refusedTogether(member.label, id, state, among: members) }
      case .failure(let error): failed.append((member, error))
      }
    }
    guard visible.isEmpty else {
      // Those could not even begin.
      for (member, error) in failed { try excuse(error, "begin", "\(member.part.load)") }
      return try acknowledgedTogether(visible, in: store)
    }
    if !failed.isEmpty { try failedTogether(failed, in: store) }
  }

  private func member(of table: SampleTable, in store: Store) throws -> Member {
    let change = makeChange(for: [table], allowsDeletions: false)
    let part = change.parts[0]
    let label = random.next() % 3 == 0 ? someLabel() : "together \(change.number)"
    return Member(
      label: label, part: part,
      rows: LabelledRows(label: label, batch: try batch(part, in: store)))
  }

  /// A label was refused: it is held by somebody known, or by a load of the same group that failed.
  private func refusedTogether(
    _ label: String, _ id: TransactionID, _ state: TransactionState, among members: [Member]
  ) throws {
    let isTwice = members.count(where: { $0.label == label }) > 1
    if isTwice, !oracle.seenTransactions.contains(id) { return trace.note("label in use", label) }
    try oracle.refused(label: label, by: id, state: state)
    trace.note("label in use", label)
  }

  private func acknowledgedTogether(
    _ visible: [(member: Member, receipt: CommitReceipt)], in store: Store
  ) throws {
    let change = Oracle.Change(
      number: visible[0].member.part.load, parts: visible.map(\.member.part))
    var ids: [TransactionID] = []
    for (member, receipt) in visible {
      guard receipt.versions == visible[0].receipt.versions,
        receipt.sequence == visible[0].receipt.sequence,
        receipt.rowCount == member.part.rowCount, let id = receipt.transaction
      else { throw SimulationFailure("load \(member.part.load) was told \(receipt)") }
      try begun(id, label: member.label, change)
      ids.append(id)
    }
    try acknowledged(visible[0].receipt, ids, change, in: store)
    trace.note(visible.count > 1 ? "loads together" : "load together", "\(change.number)")
  }

  /// None of them is visible, or nobody knows.
  private func failedTogether(
    _ failed: [(member: Member, error: any Error)], in store: Store
  ) throws {
    let change = Oracle.Change(
      number: failed[0].member.part.load, parts: failed.map(\.member.part))
    let error = failed[0].error
    var isWritten = false
    if case StorageError.tooManyVersions = error {
      trace.note("too many versions", "\(change.number)")
    } else {
      try excuse(error, "loads together", "\(change.number)")
      isWritten = !saysNothingWasWritten(error)
    }
    if isWritten { oracle.mayHaveHappened(change) }
    for (member, _) in failed where !member.label.isEmpty {
      guard let transaction = store.transaction(label: member.label),
        !oracle.seenTransactions.contains(transaction.id)
      else { continue }
      try begun(transaction.id, label: member.label, change)
      oracle.mayBe(transaction.id, .aborted, at: world.clock.now())
      if isWritten { oracle.mayBe(transaction.id, .visible, at: world.clock.now()) }
    }
  }
}

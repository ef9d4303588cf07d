import StorageBase
import TabletModel

/// A load as the client that sends it sees it.
struct LoadRecord {
  let id: TransactionID
  /// Empty for none.
  let label: String
  var change: Oracle.Change
  /// The states it may be in; `prepare` stands also for one that a restart knows nothing of. More
  /// than one when something threw.
  var possible: Set<TransactionState> = [.prepare]
  /// When it is aborted if it is still running and the store is maintained.
  var deadline: Timestamp
  /// When it came into its last state, if that is known.
  var changedAt: Timestamp
  /// Whether it has ended so long ago that the store need not know it.
  var mayBeForgotten = false

  /// What threw in a process that has written to the log since has not happened.
  mutating func settleInProcess() {
    guard possible.count > 1 else { return }
    possible.formIntersection(possible.contains(.prepare) ? [.prepare, .aborted] : [.precommitted])
  }

  var mayHaveEnded: Bool { possible.contains(.aborted) || possible.contains(.visible) }

  var isRunning: Bool { possible.contains(.prepare) || possible.contains(.precommitted) }
}

// Labels and transactions.
extension Oracle {
  /// The newest load with a label.
  func holder(of label: String) -> LoadRecord? {
    label.isEmpty
      ? nil : loads.values.filter { $0.label == label }.max { $0.id < $1.id }
  }

  mutating func begun(_ record: LoadRecord) throws(SimulationFailure) {
    guard seenTransactions.insert(record.id).inserted else {
      throw SimulationFailure("transaction \(record.id) was given out twice")
    }
    if let holder = holder(of: record.label), !holder.possible.contains(.aborted),
      !holder.mayBeForgotten
    {
      throw SimulationFailure("label \(record.label) is held by \(holder.id) and was given again")
    }
    loads[record.id] = record
  }

  /// A label was refused.
  func refused(
    label: String, by id: TransactionID, state: TransactionState
  ) throws(SimulationFailure) {
    guard let holder = holder(of: label), holder.id == id, holder.possible.contains(state),
      state != .aborted
    else {
      throw SimulationFailure(
        "label \(label) was refused for \(id) (\(state)), and nobody holds it so")
    }
  }

  mutating func decided(_ id: TransactionID, _ state: TransactionState, at now: Timestamp) {
    // Where it may have been so before, the store may count from then.
    if !(loads[id]?.possible.contains(state) ?? true) { loads[id]?.changedAt = now }
    loads[id]?.possible = [state]
  }

  /// What was asked for has thrown, and may have been done all the same.
  mutating func mayBe(_ id: TransactionID, _ state: TransactionState, at now: Timestamp) {
    guard let load = loads[id], load.isRunning else { return }
    loads[id]?.possible.insert(state)
    // The clock may have been set back since it began.
    loads[id]?.changedAt = min(load.changedAt, now)
  }

  /// Those whose time is over.
  func due(at now: Timestamp) -> [LoadRecord] {
    loads.values.filter { $0.isRunning && $0.deadline <= now }.sorted { $0.id < $1.id }
  }

  /// The store may have forgotten what ended before `oldest`.
  mutating func mayForget(before oldest: Timestamp) {
    for (id, load) in loads where load.mayHaveEnded && load.changedAt < oldest {
      loads[id]?.mayBeForgotten = true
    }
  }

  /// Compares the state of every load with what the store says, and takes down what a recovery has
  /// decided.
  /// - Parameters:
  ///   - isRestart: whether the process that began them has ended.
  ///   - kept: the numbers of uncertain changes that have happened.
  mutating func compareLoads(
    isRestart: Bool, kept: Set<Int> = [], _ state: (TransactionID) -> TransactionState?
  ) throws(SimulationFailure) {
    for id in loads.keys.sorted() {
      guard let load = loads[id] else { continue }
      let found = state(id)
      guard let found else {
        // Of a load that was under way a restart knows nothing, nor of one that was aborted then.
        guard
          load.mayBeForgotten
            || (isRestart && !load.possible.isDisjoint(with: [.prepare, .aborted]))
        else {
          throw SimulationFailure("load \(load.change.number) (\(id)) is unknown: \(load.possible)")
        }
        // What was forgotten may be known again after a restart, from the log, which never knew of
        // a load that was under way.
        let wasUnderWay = isRestart && load.possible.contains(.prepare)
        if !load.mayBeForgotten || wasUnderWay { loads[id] = nil }
        continue
      }
      let isExpected =
        load.possible.contains(found) && !(isRestart && found == .prepare)
        && (load.possible.count == 1 || !isRestart
          || load.change.parts.allSatisfy { $0.rowCount == 0 }
          || (found == .visible) == kept.contains(load.change.number))
      guard isExpected else {
        throw SimulationFailure(
          "load \(load.change.number) (\(id)) is \(found), expected \(load.possible)")
      }
      if isRestart { loads[id]?.possible = [found] }
    }
  }
}

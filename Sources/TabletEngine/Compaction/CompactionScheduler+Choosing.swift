import StorageBase
import Synchronization
import TabletModel

// How a lane finds its next job.
extension CompactionScheduler {
  /// A job with a slot, and why it was chosen.
  struct Claim {
    let job: CompactionJob
    let reason: String
    let queuedAt: Timestamp
  }

  /// One tablet a lane wants to know about.
  private struct Question {
    let tablet: TabletID
    let pending: Pending
    let inFlight: [CompactionPick]
    let entropy: UInt64
    let askedAt: Timestamp
  }

  private enum Answer {
    case compact(Claim)
    case wait(until: Timestamp?)
    case refused(PickRefusal, reason: String)
  }

  /// The most urgent job of the lane, entered as running; nil gives the slot back.
  ///
  /// The policy is asked without holding the lock, so that loads never wait for it; what changed
  /// meanwhile is checked before the answer counts.
  func claim(_ lane: Int) -> Claim? {
    while true {
      guard let questions = questions(for: lane) else { return nil }
      let answers = questions.map { ($0, answer($0, lane: lane)) }
      for case (let question, .refused(let refusal, let reason)) in answers {
        onRefusal("tablet \(question.tablet): \(refusal) (\(reason))")
      }
      var best: Claim?
      for case (_, .compact(let claim)) in answers
      where claim.job.pick.urgency > best?.job.pick.urgency ?? -.infinity { best = claim }
      let hasSettled = state.withLock { state in
        settle(answers, lane: lane, &state)
        guard let best else { return false }
        let running = state.inFlight[best.job.snapshot.id, default: []]
        guard !state.isStopped,
          !running.contains(where: { $0.versions.overlaps(best.job.pick.versions) })
        else { return false }
        state.inFlight[best.job.snapshot.id, default: []].append(best.job.pick)
        return true
      }
      if hasSettled { return best }
    }
  }

  /// The tablets to ask about; nil when there is none, and the slot is given back.
  private func questions(for lane: Int) -> [Question]? {
    let now = store.clock.now()
    return state.withLock { state in
      let due = state.pending[lane].filter { !$0.value.isWaiting(now) }
      guard !due.isEmpty, !state.isStopped else {
        state.running[lane] -= 1
        return nil
      }
      return due.sorted { $0.key < $1.key }.map { tablet, pending in
        Question(
          tablet: tablet, pending: pending, inFlight: state.inFlight[tablet, default: []],
          entropy: state.random.next(), askedAt: now)
      }
    }
  }

  private func answer(_ question: Question, lane: Int) -> Answer {
    // The tablet first: the schema must not be older than one of its rowsets.
    guard let snapshot = store.tablet(question.tablet),
      let table = store.table(of: question.tablet)
    else { return .wait(until: nil) }
    var facts = snapshot.state.facts(
      now: question.askedAt, allowedKinds: lanes[lane].kinds,
      inFlight: question.inFlight.map(\.versions),
      keysModel: table.definition.schema.keysModel, entropy: question.entropy)
    facts.traffic = traffic.traffic(of: question.tablet, facts)
    switch policy.decide(facts) {
    case .wait(let until, _): return .wait(until: until)
    case .compact(let picks, let reason):
      // Further picks of the decision get their turn when the tablet is asked about again.
      guard let pick = picks.first else { return .wait(until: nil) }
      do {
        _ = try pick.validated(against: facts)
      } catch {
        return .refused(error, reason: reason)
      }
      let job = CompactionJob(
        store: store, policy: policy, snapshot: snapshot, facts: facts, pick: pick,
        definition: table.definition)
      return .compact(Claim(job: job, reason: reason, queuedAt: question.pending.since))
    }
  }

  /// Takes tablets that need nothing off the list, unless they have changed since.
  private func settle(_ answers: [(Question, Answer)], lane: Int, _ state: inout State) {
    for (question, answer) in answers {
      guard state.pending[lane][question.tablet]?.change == question.pending.change else {
        continue
      }
      switch answer {
      case .compact: break
      case .wait(let until):
        var pending = question.pending
        pending.pause = until.map {
          CompactionScheduler.Pause(since: question.askedAt, until: $0, isBackOff: false)
        }
        state.pending[lane][question.tablet] = until == nil ? nil : pending
      case .refused: state.pending[lane][question.tablet] = nil
      }
    }
  }
}

import StorageBase
import Synchronization
import TabletModel

// How the next job is found.
extension CompactionScheduler {
  /// A job with a slot, and why it was chosen.
  struct Claim {
    let job: CompactionJob
    let request: CompactionRequest
    let reason: String
    let queuedAt: Timestamp
  }

  /// One tablet to ask the policy about.
  private struct Question {
    let tablet: TabletID
    let pending: Pending
    let inFlight: [CompactionPick]
    let kinds: Set<CompactionKind>
    let entropy: UInt64
    let askedAt: Timestamp
  }

  private enum Answer {
    /// At most one job of each kind.
    case compact([Claim])
    case wait(until: Timestamp?)
    case refused(PickRefusal, reason: String)
  }

  /// What comes of a round of questions.
  private enum Outcome {
    case claim(Claim)
    case askAgain
    case nothing
  }

  /// The job that starts now, entered as running; nil if none may, and then nobody is choosing any
  /// more.
  ///
  /// The policy is asked without holding the lock, so that loads never wait for it. Meanwhile jobs
  /// may end, but none begins, since one thread chooses at a time.
  func claim() -> Claim? {
    while true {
      guard let (questions, wakeCount) = questions() else { return nil }
      let answers = questions.map { ($0, answer($0)) }
      for case (let question, .refused(let refusal, let reason)) in answers {
        onRefusal("tablet \(question.tablet): \(refusal) (\(reason))")
      }
      let load = rules.throttle == nil ? 0 : machineLoad()
      let result = state.withLock { state in
        settle(answers, askedAt: wakeCount, &state)
        return outcome(of: answers, machineLoad: load, askedAt: wakeCount, &state)
      }
      switch result {
      case .claim(let claim): return claim
      case .askAgain: continue
      case .nothing: return nil
      }
    }
  }

  /// The tablets to ask about; nil when there is none or no free slot.
  private func questions() -> ([Question], wakeCount: UInt64)? {
    let now = store.clock.now()
    return state.withLock { state in
      let due = state.pending.filter { !$0.value.isWaiting(now) }
      let kinds = rules.openKinds(beside: state.running)
      guard !due.isEmpty, !kinds.isEmpty, !state.isStopped else {
        state.isChoosing = false
        return nil
      }
      let questions = due.sorted { $0.key < $1.key }.map { tablet, pending in
        Question(
          tablet: tablet, pending: pending, inFlight: state.running.picks(of: tablet),
          kinds: kinds, entropy: state.random.next(), askedAt: now)
      }
      return (questions, state.wakeCount)
    }
  }

  private func answer(_ question: Question) -> Answer {
    // The tablet first: the schema must not be older than one of its rowsets.
    guard let snapshot = store.tablet(question.tablet),
      let table = store.table(of: question.tablet)
    else { return .wait(until: nil) }
    var facts = snapshot.state.facts(
      now: question.askedAt, allowedKinds: question.kinds,
      inFlight: question.inFlight.map(\.versions),
      keysModel: table.definition.schema.keysModel, entropy: question.entropy)
    facts.traffic = traffic.traffic(of: question.tablet, facts)
    let decision = policy.decide(facts)
    onDecision(question.tablet, facts, decision)
    func job(_ pick: CompactionPick, _ fetch: CompactionFetch? = nil) -> CompactionJob {
      CompactionJob(
        store: store, policy: policy, snapshot: snapshot, facts: facts, pick: pick,
        definition: table.definition, fetch: fetch)
    }
    switch replica?.course(of: question.tablet, in: table, facts, decision) {
    case .take(let pick, let fetch, let reason):
      var job = job(pick, fetch)
      job.isImitation = fetch == nil
      return .compact([claim(job, question, because: reason)])
    case .wait(let until): return .wait(until: until)
    case .compact, .rest, nil: break
    }
    switch decision {
    case .wait(let until, _): return .wait(until: until)
    case .compact(let picks, let reason):
      guard !picks.isEmpty else { return .wait(until: nil) }
      var claims: [Claim] = []
      for pick in picks.firstOfEachKind {
        do {
          _ = try pick.validated(against: facts)
        } catch {
          return .refused(error, reason: reason)
        }
        claims.append(claim(job(pick), question, because: reason))
      }
      return .compact(claims)
    }
  }

  private func claim(
    _ job: CompactionJob, _ question: Question, because reason: String
  ) -> Claim {
    let request = CompactionRequest(
      tablet: question.tablet, pick: job.pick, in: job.facts.rowsets,
      waitingSince: question.pending.waitingSince[job.pick.kind] ?? question.askedAt)
    return Claim(job: job, request: request, reason: reason, queuedAt: question.pending.since)
  }

  /// Takes tablets that need nothing off the list, unless they have changed since. Those that were
  /// not asked about all kinds are asked again when a slot gets free.
  private func settle(
    _ answers: [(Question, Answer)], askedAt wakeCount: UInt64, _ state: inout State
  ) {
    let kinds = rules.pools.reduce(into: Set<CompactionKind>()) { $0.formUnion($1.kinds) }
    for (question, answer) in answers {
      guard state.pending[question.tablet]?.change == question.pending.change else { continue }
      switch answer {
      case .compact: break
      case .wait(let until):
        if question.kinds != kinds {
          // A slot that has got free meanwhile will not get free again.
          guard state.wakeCount == wakeCount else { continue }
          state.deferred.insert(question.tablet)
        }
        var pending = question.pending
        pending.waitingSince = [:]
        pending.pause = until.map { Pause(since: question.askedAt, until: $0, isBackOff: false) }
        state.pending[question.tablet] = until == nil ? nil : pending
      case .refused: state.pending[question.tablet] = nil
      }
    }
  }

  /// Lets the rules choose among what is wanted.
  private func outcome(
    of answers: [(Question, Answer)], machineLoad: Double, askedAt wakeCount: UInt64,
    _ state: inout State
  ) -> Outcome {
    guard !state.isStopped else {
      state.isChoosing = false
      return .nothing
    }
    var claims: [Claim] = []
    for case (_, .compact(let wanted)) in answers { claims += wanted }
    // Only questions that nothing has answered are left, or none.
    guard !claims.isEmpty else { return .askAgain }
    let chosen = rules.next(
      among: claims.map(\.request), beside: state.running, now: store.clock.now(),
      machineLoad: machineLoad)
    for place in claims.indices {
      let request = claims[place].request
      let since = place == chosen ? nil : request.waitingSince
      state.pending[request.tablet]?.waitingSince[request.pick.kind] = since
    }
    if let chosen {
      state.running.begin(claims[chosen].request)
      return .claim(claims[chosen])
    }
    // The end of a job, which may have come just now, asks again.
    if state.wakeCount != wakeCount { return .askAgain }
    state.isChoosing = false
    return .nothing
  }
}

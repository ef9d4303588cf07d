import StorageBase
import TabletModel

// What policies are asked, and what becomes of their picks.
extension TimedSimulation {
  /// Asks the policies of tablets that have changed, and starts what the scheduler chooses.
  mutating func startMerges() throws {
    guard now >= restUntil else { return }
    while true {
      let kinds = model.scheduler.openKinds(beside: running)
      guard !kinds.isEmpty, tablets.contains(where: \.needsDecision) else { return }
      var wishes: [MergeWish] = []
      for place in tablets.indices where tablets[place].needsDecision {
        try addWishes(of: place, kinds, to: &wishes)
      }
      guard !wishes.isEmpty else {
        if model.restSeconds > 0 { restUntil = now + model.restSeconds }
        return
      }
      let moment = timestamp
      let requests = wishes.map { wish in
        CompactionRequest(
          tablet: TabletID(rawValue: UInt64(wish.tablet)), pick: wish.pick,
          in: tablets[wish.tablet].state.facts.rowsets,
          waitingSince: tablets[wish.tablet].waitingSince[wish.pick.kind] ?? moment)
      }
      let chosen = model.scheduler.next(
        among: requests, beside: running, now: moment, machineLoad: machineLoad)
      for place in requests.indices where place != chosen {
        tablets[wishes[place].tablet].waitingSince[wishes[place].pick.kind] =
          requests[place].waitingSince
      }
      guard let chosen else { return }
      try start(requests[chosen], because: wishes[chosen].reason)
    }
  }

  var machineLoad: Double {
    let loading = writers.count { if case .loading = $0 { true } else { false } }
    return Double(loading + jobs.count) / Double(model.processorCount)
  }

  /// Adds the picks of a tablet; if it rests, it is not asked any more until it changes.
  mutating func addWishes(
    of place: Int, _ kinds: Set<CompactionKind>, to wishes: inout [MergeWish]
  ) throws {
    tablets[place].state.advance(to: timestamp)
    meterQueries(of: place)
    var traffic = tablets[place].meter.traffic(at: timestamp)
    traffic.tabletsPerSlot = model.scheduler.tabletsPerSlot(tablets.count)
    traffic.versionLimit = model.backPressure == .none ? nil : model.versionLimit
    traffic.costs = model.costs.work
    tablets[place].state.observe(traffic)
    let decision = tablets[place].state.decide(entropy: entropy.next(), kinds: kinds)
    if let onTrace = observer?.onTrace {
      try onTrace(
        recorder.asked(
          tablets[place].state.facts, of: TabletID(rawValue: UInt64(place)), decision: decision))
    }
    switch decision {
    case .compact(let picks, let reason):
      guard !picks.isEmpty else { throw PolicyFault.noPicks(because: reason) }
      for pick in picks.firstOfEachKind {
        wishes.append(MergeWish(tablet: place, pick: pick, reason: reason))
      }
    case .wait(let until, _):
      tablets[place].needsDecision = false
      if !tablets[place].waitingSince.isEmpty { tablets[place].waitingSince = [:] }
      // A question a moment later than asked for, never too early for lack of digits.
      tablets[place].wakeAt =
        until.map { Double($0.rawValue - model.epoch.rawValue + 1) / 1e6 } ?? .infinity
    }
  }

  mutating func start(
    _ request: CompactionRequest, because reason: String
  ) throws {
    let place = Int(request.tablet.rawValue)
    let merge = try tablets[place].state.prepare(request.pick)
    tablets[place].state.begin(merge)
    tablets[place].waitingSince[request.pick.kind] = nil
    running.begin(request)
    let read = merge.inputs.totalByteCount
    let written = merge.output.byteCount
    let pace = model.pace?.merge(at: now)
    let seconds =
      model.costs.mergeSeconds(readByteCount: read, writtenByteCount: written)
      * (pace?.factor ?? 1) + (pace?.stallSeconds ?? 0)
    jobs.append(
      MergeJob(
        request: request, merge: merge, reason: reason, startedAt: now,
        demand: JobDemand(
          bytesPerSecond: seconds > 0 ? Double(read + written) / seconds : 0,
          secondsLeft: seconds),
        restSeconds: pace?.restSeconds ?? model.costs.secondsAfterMerge))
    rates = model.scheduler.rates(of: jobs.map(\.demand), limit: model.costs.bandwidth)
    notePeak()
  }

  /// Lets outputs be read that are done, and slots be used that are free.
  @discardableResult
  mutating func finishMerges() throws -> Bool {
    // Less than a nanosecond, or than the clock can tell apart.
    let least = 1e-9 + 4 * now.ulp
    var isChanged = false
    for place in jobs.indices {
      guard jobs[place].closesAt == nil, jobs[place].demand.secondsLeft <= least else { continue }
      try publish(jobs[place])
      jobs[place].demand = JobDemand(bytesPerSecond: 0, secondsLeft: 0)
      jobs[place].closesAt = now + jobs[place].restSeconds
      tablets[jobs[place].tablet].needsDecision = true
      restUntil = 0
      isChanged = true
    }
    let isFree = { [now] (job: MergeJob) in job.closesAt.map { $0 <= now + least } ?? false }
    for job in jobs where isFree(job) {
      running.end(job.request)
      try record(job)
    }
    if jobs.contains(where: isFree) { noteFreeSlot() }
    guard isChanged || jobs.contains(where: isFree) else { return false }
    jobs.removeAll(where: isFree)
    rates = model.scheduler.rates(of: jobs.map(\.demand), limit: model.costs.bandwidth)
    return true
  }

  /// Puts the output of a merge in the place of its inputs.
  private mutating func publish(_ job: MergeJob) throws {
    noteComponents(of: job.tablet)
    tablets[job.tablet].state.advance(to: timestamp)
    try tablets[job.tablet].state.finish(job.merge)
    let read = job.merge.inputs.totalByteCount
    tablets[job.tablet].byteCount += job.merge.output.byteCount - read
    figures.note(
      read: read, written: job.merge.output.byteCount,
      processorSeconds: model.costs.processorSeconds(mergingByteCount: read),
      isAfterLoads: isEnded)
    try observer?.onMerge(
      TimedMerge(
        tablet: job.tablet, pick: job.merge.pick, reason: job.reason,
        startSeconds: job.startedAt, endSeconds: now, inputCount: job.merge.inputs.count,
        inputByteCount: read, outputByteCount: job.merge.output.byteCount,
        processorSeconds: model.costs.processorSeconds(mergingByteCount: read)))
    try record(job.tablet)
  }

  /// Whoever was refused a slot asks again.
  private mutating func noteFreeSlot() {
    scanAt = .infinity
    restUntil = 0
    for place in tablets.indices {
      tablets[place].needsDecision = true
      tablets[place].isUnseen = false
    }
  }

  /// The meter of a tablet sees its share of the queries since it was last looked at.
  mutating func meterQueries(of place: Int) {
    let count = model.queries.count(from: tablets[place].meteredUntil, to: now)
    tablets[place].meter.noteQueries(count / Double(tablets.count), until: timestamp)
    tablets[place].meteredUntil = now
  }

  /// Tells the trace what is new of a tablet.
  mutating func record(_ place: Int) throws {
    guard let onTrace = observer?.onTrace else { return }
    let tablet = TabletID(rawValue: UInt64(place))
    for event in recorder.note(tablets[place].state.facts, of: tablet) { try onTrace(event) }
  }

  func record(_ job: MergeJob) throws {
    guard let onTrace = observer?.onTrace else { return }
    let start = timestamp(of: job.startedAt)
    let read = job.merge.inputs.totalByteCount
    let seconds = model.costs.processorSeconds(mergingByteCount: read)
    try onTrace(
      .job(
        TabletID(rawValue: UInt64(job.tablet)),
        TracedJob(
          kind: job.merge.pick.kind, versions: job.merge.pick.versions, queuedAt: start,
          startedAt: start, finishedAt: timestamp, cpuMicroseconds: Int(seconds * 1e6),
          inputByteCount: read, result: .written(byteCount: job.merge.output.byteCount))))
  }
}

import StorageBase
import TabletModel

/// One run of a `TimedModel`: its state, and how that moves from event to event.
struct TimedSimulation {
  let model: TimedModel
  let policy: any CompactionPolicy
  private let loadCount: Int
  private let observer: TimedObserver?
  private var sampler: TimedSampler
  private var recorder = TraceRecorder()
  var now = 0.0
  var tablets: [TimedTablet]
  var jobs: [MergeJob] = []
  private var running = RunningCompactions()
  private var rates: [Double] = []
  /// When loads that nobody has been asked about are looked at; infinite if there are none.
  private var scanAt = Double.infinity
  private var figures = TimedRun()
  var entropy: SeededGenerator

  private var clock: ArrivalClock
  private var sizer: LoadSizer
  /// Loads that are due and have no writer yet, oldest first.
  private var queue: [PendingLoad] = []
  private var queueHead = 0
  private var dueNext: Double?
  private var arrivedCount = 0
  private var writers: [Writer]

  init(
    _ model: TimedModel, _ policy: any CompactionPolicy, loadCount: Int, observer: TimedObserver?
  ) {
    self.observer = observer
    sampler = TimedSampler(every: observer?.sampleSeconds)
    self.model = model
    self.policy = policy
    self.loadCount = loadCount
    var random = SeededGenerator(seed: model.seed)
    clock = ArrivalClock(model.arrivals, random: random.split())
    sizer = LoadSizer(model.sizes, random: random.split())
    entropy = random.split()
    tablets = Self.startingTablets(model, policy)
    writers = [Writer](repeating: .idle, count: model.writerCount)
    dueNext = loadCount > 0 ? clock.next() : nil
  }

  private static func startingTablets(
    _ model: TimedModel, _ policy: any CompactionPolicy
  ) -> [TimedTablet] {
    guard !model.startingTablets.isEmpty else {
      var tablet = SimulatedTablet(
        policy: policy, start: model.epoch, keysModel: model.keysModel, overlap: model.overlap)
      tablet.rowsetSizes = model.rowsetSizes
      return [TimedTablet](
        repeating: TimedTablet(tablet, at: model.epoch), count: model.tabletCount)
    }
    return model.startingTablets.map { tablet in
      var timed = TimedTablet(
        SimulatedTablet(
          policy: policy, facts: tablet.facts(now: model.epoch), overlap: model.overlap),
        at: model.epoch)
      timed.state.rowsetSizes = model.rowsetSizes
      timed.byteCount = tablet.rowsets.totalByteCount
      timed.needsDecision = true
      return timed
    }
  }

  mutating func run() throws -> TimedRun {
    for place in tablets.indices { try record(place) }
    while true {
      try settleInstant()
      guard hasLoads else { break }
      guard let next = nextEvent() else { break }
      // Between events counts stay as they are, so samples need none of their own.
      while sampler.nextAt < next { try sample(at: sampler.nextAt) }
      advance(to: next)
    }
    endLoads()
    if observer != nil { try sample(at: now) }
    while !jobs.isEmpty || scanAt.isFinite {
      advance(to: min(now + nextCompletion(), scanAt))
      try finishMerges()
      try startMerges()
    }
    figures.quiesceSeconds = now - figures.seconds
    return figures
  }

  private var hasLoads: Bool {
    dueNext != nil || queueHead < queue.count
      || writers.contains { if case .idle = $0 { false } else { true } }
  }

  /// Does all that is to be done at this moment.
  private mutating func settleInstant() throws {
    var isChanged = true
    while isChanged {
      isChanged = takeArrivals()
      isChanged = try publishLoads() || isChanged
      isChanged = admitLoads() || isChanged
      isChanged = try finishMerges() || isChanged
    }
    try startMerges()
  }

  // MARK: Time

  /// When something happens next; nil if nothing does.
  private func nextEvent() -> Double? {
    var next = Double.infinity
    // Those of a closed system come when a writer gets free, which is an event itself.
    if let dueNext, model.arrivals != .closed { next = min(next, dueNext) }
    for writer in writers {
      switch writer {
      case .idle: continue
      case .loading(_, let until): next = min(next, until)
      case .blocked(let load, _, let giveUpAt):
        next = min(next, giveUpAt)
        if let at = admissionTime(of: load) { next = min(next, at) }
      }
    }
    next = min(next, now + nextCompletion(), scanAt)
    for tablet in tablets { next = min(next, tablet.wakeAt) }
    return next.isFinite ? max(next, now) : nil
  }

  /// Seconds until the first running merge is done; infinite if none is or can be.
  private func nextCompletion() -> Double {
    var next = Double.infinity
    for (job, rate) in zip(jobs, rates) where rate > 0 {
      next = min(next, max(0, job.demand.secondsLeft) / rate)
    }
    return next
  }

  private mutating func advance(to time: Double) {
    let seconds = time - now
    for place in jobs.indices { jobs[place].demand.secondsLeft -= seconds * rates[place] }
    now = time
    for place in tablets.indices where tablets[place].wakeAt <= now {
      tablets[place].needsDecision = true
      tablets[place].wakeAt = .infinity
    }
    if scanAt <= now { scan() }
  }

  private mutating func scan() {
    scanAt = .infinity
    for place in tablets.indices where tablets[place].isUnseen {
      tablets[place].isUnseen = false
      tablets[place].needsDecision = true
    }
  }

  private var timestamp: Timestamp { timestamp(of: now) }

  private func timestamp(of seconds: Double) -> Timestamp {
    model.epoch.advanced(bySeconds: seconds)
  }

  // MARK: Loads

  private mutating func takeArrivals() -> Bool {
    var hasTaken = false
    while let due = dueNext, due <= now, model.arrivals != .closed || hasIdleWriter {
      queue.append(
        PendingLoad(
          place: model.placement.place(of: arrivedCount, tabletCount: tablets.count),
          byteCount: sizer.next(), dueAt: model.arrivals == .closed ? now : due))
      arrivedCount += 1
      dueNext = arrivedCount < loadCount ? clock.next() : nil
      hasTaken = true
      if model.arrivals == .closed { break }
    }
    return hasTaken
  }

  private var hasIdleWriter: Bool {
    writers.contains { if case .idle = $0 { true } else { false } }
  }

  /// Gives loads to free writers and lets those begin that may.
  private mutating func admitLoads() -> Bool {
    var isChanged = false
    for place in writers.indices {
      if case .idle = writers[place], queueHead < queue.count {
        writers[place] = .blocked(
          queue[queueHead], since: now, giveUpAt: now + model.backPressure.patienceSeconds)
        queueHead += 1
        isChanged = true
        if queueHead > 1024, queueHead * 2 > queue.count {
          queue.removeFirst(queueHead)
          queueHead = 0
        }
      }
      guard case .blocked(let load, let since, let giveUpAt) = writers[place] else { continue }
      if let at = admissionTime(of: load), at <= now {
        tablets[load.tablet].lastAdmissionAt = now
        let seconds = model.costs.loadSeconds(byteCount: load.byteCount)
        writers[place] = .loading(load, until: now + seconds)
        noteStall(now - since)
        isChanged = true
      } else if giveUpAt <= now {
        writers[place] = .idle
        figures.rejectedCount += 1
        noteStall(now - since)
        isChanged = true
      }
    }
    return isChanged
  }

  /// When the back-pressure lets a load begin, unless the tablet changes; nil on a full tablet.
  private func admissionTime(of load: PendingLoad) -> Double? {
    let tablet = tablets[load.tablet]
    let count = tablet.state.facts.rowsets.count
    if model.backPressure.isFull(versionCount: count, limit: model.versionLimit) { return nil }
    let interval = model.backPressure.intervalSeconds(
      versionCount: count, limit: model.versionLimit)
    return max(now, tablet.lastAdmissionAt + interval)
  }

  private mutating func noteStall(_ seconds: Double) {
    guard seconds > 0 else { return }
    figures.stallCount += 1
    figures.stallSeconds += seconds
    figures.stallLongestSeconds = max(figures.stallLongestSeconds, seconds)
  }

  private mutating func publishLoads() throws -> Bool {
    var isChanged = false
    for place in writers.indices {
      guard case .loading(let load, let until) = writers[place], until <= now else { continue }
      writers[place] = .idle
      noteComponents(of: load.tablet)
      meterQueries(of: load.tablet)
      tablets[load.tablet].meter.noteLoad(byteCount: load.byteCount, at: timestamp)
      tablets[load.tablet].state.advance(to: timestamp)
      tablets[load.tablet].state.load(
        byteCount: load.byteCount, rowCount: load.place.rowCount,
        segmentCount: load.place.segmentCount)
      tablets[load.tablet].byteCount += load.byteCount
      noteLoad(of: load.tablet)
      try record(load.tablet)
      figures.loadCount += 1
      figures.loadedByteCount += load.byteCount
      figures.loadSeconds.add(now - load.dueAt)
      sampler.loadSeconds.add(now - load.dueAt)
      figures.versionMax = max(figures.versionMax, tablets[load.tablet].state.facts.rowsets.count)
      isChanged = true
    }
    if isChanged { notePeak() }
    return isChanged
  }

  /// The policy of the tablet is asked now, or after the next scan.
  private mutating func noteLoad(of place: Int) {
    tablets[place].loadCount += 1
    if model.scheduler.isTriggered(byLoad: tablets[place].loadCount) {
      tablets[place].needsDecision = true
    } else {
      tablets[place].isUnseen = true
      if scanAt == .infinity { scanAt = model.scheduler.scanTime(after: now) ?? .infinity }
    }
  }

  // MARK: Merges

  /// Asks the policies of tablets that have changed, and starts what the scheduler chooses.
  private mutating func startMerges() throws {
    while true {
      let kinds = model.scheduler.openKinds(beside: running)
      guard !kinds.isEmpty else { return }
      var wishes: [MergeWish] = []
      for place in tablets.indices where tablets[place].needsDecision {
        try addWishes(of: place, kinds, to: &wishes)
      }
      guard !wishes.isEmpty else { return }
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

  private var machineLoad: Double {
    let loading = writers.count { if case .loading = $0 { true } else { false } }
    return Double(loading + jobs.count) / Double(model.processorCount)
  }

  /// Adds the picks of a tablet; if it rests, it is not asked any more until it changes.
  private mutating func addWishes(
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

  private mutating func start(
    _ request: CompactionRequest, because reason: String
  ) throws {
    let place = Int(request.tablet.rawValue)
    let merge = try tablets[place].state.prepare(request.pick)
    tablets[place].state.begin(merge)
    tablets[place].waitingSince[request.pick.kind] = nil
    running.begin(request)
    let read = merge.inputs.totalByteCount
    let written = merge.output.byteCount
    let seconds = model.costs.mergeSeconds(readByteCount: read, writtenByteCount: written)
    jobs.append(
      MergeJob(
        request: request, merge: merge, reason: reason, startedAt: now,
        demand: JobDemand(
          bytesPerSecond: seconds > 0 ? Double(read + written) / seconds : 0,
          secondsLeft: seconds)))
    rates = model.scheduler.rates(of: jobs.map(\.demand), limit: model.costs.bandwidth)
    notePeak()
  }

  @discardableResult
  private mutating func finishMerges() throws -> Bool {
    // Less than a nanosecond, or than the clock can tell apart.
    let least = 1e-9 + 4 * now.ulp
    let isDone = { (job: MergeJob) in job.demand.secondsLeft <= least }
    guard jobs.contains(where: isDone) else { return false }
    for job in jobs where isDone(job) {
      running.end(job.request)
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
      try record(job)
    }
    jobs.removeAll(where: isDone)
    rates = model.scheduler.rates(of: jobs.map(\.demand), limit: model.costs.bandwidth)
    scanAt = .infinity
    // A slot has got free: whoever was refused one asks again.
    for place in tablets.indices {
      tablets[place].needsDecision = true
      tablets[place].isUnseen = false
    }
    return true
  }

  /// The meter of a tablet sees its share of the queries since it was last looked at.
  private mutating func meterQueries(of place: Int) {
    let count = model.queries.count(from: tablets[place].meteredUntil, to: now)
    tablets[place].meter.noteQueries(count / Double(tablets.count), until: timestamp)
    tablets[place].meteredUntil = now
  }

  // MARK: Traces

  /// Tells the trace what is new of a tablet.
  private mutating func record(_ place: Int) throws {
    guard let onTrace = observer?.onTrace else { return }
    let tablet = TabletID(rawValue: UInt64(place))
    for event in recorder.note(tablets[place].state.facts, of: tablet) { try onTrace(event) }
  }

  private func record(_ job: MergeJob) throws {
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

  // MARK: Figures

  private var isEnded = false

  /// The components of a tablet have been what they are since they last changed.
  private mutating func noteComponents(of place: Int) {
    guard !isEnded else { return }
    figures.components.add(
      Double(tablets[place].state.componentCount), weight: now - tablets[place].countedUntil)
    let queries =
      model.queries.count(from: tablets[place].countedUntil, to: now) / Double(tablets.count)
    figures.queryCount += queries
    figures.querySeconds +=
      queries * model.costs.querySeconds(componentCount: tablets[place].state.componentCount)
    tablets[place].countedUntil = now
  }

  private mutating func notePeak() {
    let stored = tablets.reduce(0) { $0 + $1.byteCount }
    let written = jobs.reduce(0) { $0 + $1.merge.output.byteCount }
    figures.peakByteCount = max(figures.peakByteCount, stored + written)
  }

  private mutating func endLoads() {
    for place in tablets.indices { noteComponents(of: place) }
    isEnded = true
    figures.seconds = now
    figures.componentFinal = tablets.reduce(0) { $0 + $1.state.componentCount }
    let stored = tablets.reduce(0) { $0 + $1.byteCount }
    let least = tablets.reduce(0) { $0 + model.overlap.mergedByteCount(of: $1.state.stack) }
    figures.spaceAmplification = least > 0 ? Double(stored) / Double(least) : 1
    figures.debtByteCount = debtByteCount
  }

  private var debtByteCount: Int {
    tablets.reduce(0) { sum, tablet in
      var facts = tablet.state.facts
      // What runs now is still to be written as well.
      facts.inFlight = []
      facts.allowedKinds = Set(CompactionKind.allCases)
      return sum
        + CompactionDebt.byteCount(
          of: facts, under: policy, overlap: model.overlap, rowsetSizes: model.rowsetSizes)
    }
  }

  private mutating func sample(at time: Double) throws {
    let counts = tablets.map(\.state.componentCount)
    let sample = sampler.take(
      figures, at: time, runningCount: jobs.count, componentCounts: counts,
      debtByteCount: debtByteCount, storedByteCount: tablets.reduce(0) { $0 + $1.byteCount })
    if sample.intervalSeconds > 0 { try observer?.onSample(sample) }
  }
}

extension TimedRun {
  fileprivate mutating func note(
    read: Int, written: Int, processorSeconds: Double, isAfterLoads: Bool
  ) {
    guard !isAfterLoads else {
      quiesceWrittenByteCount += written
      return
    }
    mergeCount += 1
    mergeReadByteCount += read
    mergeWrittenByteCount += written
    mergeProcessorSeconds += processorSeconds
  }
}

/// A tablet and what the simulation has to remember of it.
struct TimedTablet {
  var state: SimulatedTablet
  var byteCount = 0
  var needsDecision = false
  /// It has had loads that wait for a scan.
  var isUnseen = false
  var loadCount = 0
  /// Of kinds that it wants compacted and no merge has been started for.
  var waitingSince: [CompactionKind: Timestamp] = [:]
  /// When the policy wants to be asked again though nothing has changed.
  var wakeAt = Double.infinity
  var lastAdmissionAt = -Double.infinity
  var countedUntil = 0.0
  var meter: TrafficMeter
  var meteredUntil = 0.0

  init(_ state: SimulatedTablet, at start: Timestamp) {
    self.state = state
    meter = TrafficMeter(at: start)
  }
}

/// A load on its way.
struct PendingLoad: Hashable {
  let place: PlacedLoad
  let byteCount: Int
  let dueAt: Double

  var tablet: Int { place.tablet }
}

/// What one writer does.
enum Writer: Hashable {
  case idle
  case blocked(PendingLoad, since: Double, giveUpAt: Double)
  case loading(PendingLoad, until: Double)
}

import StorageBase
import TabletModel

/// One run of a `TimedModel`: its state, and how that moves from event to event.
struct TimedSimulation {
  let model: TimedModel
  let policy: any CompactionPolicy
  let loadCount: Int
  let observer: TimedObserver?
  var sampler: TimedSampler
  var recorder = TraceRecorder()
  var now = 0.0
  var tablets: [TimedTablet]
  var jobs: [MergeJob] = []
  var running = RunningCompactions()
  var rates: [Double] = []
  /// When loads that nobody has been asked about are looked at; infinite if there are none.
  var scanAt = Double.infinity
  /// Until then loads set off no question.
  var restUntil = 0.0
  var figures = TimedRun()
  /// Whether all loads have come: then nothing more is counted but what follows.
  var isEnded = false
  var entropy: SeededGenerator

  var clock: ArrivalClock
  var sizer: LoadSizer
  /// Loads that are due and have no writer yet, oldest first.
  var queue: [PendingLoad] = []
  var queueHead = 0
  var dueNext: Double?
  var arrivedCount = 0
  var writers: [Writer]

  init(
    _ model: TimedModel, _ policy: any CompactionPolicy, loadCount: Int, observer: TimedObserver?
  ) {
    self.observer = observer
    sampler = TimedSampler(every: observer?.sampleSeconds)
    self.model = model
    self.policy = policy
    self.loadCount = loadCount
    let loads = LoadStream(model)
    (clock, sizer, entropy) = (loads.clock, loads.sizer, loads.entropy)
    tablets = Self.startingTablets(model, policy)
    writers = [Writer](repeating: .idle, count: model.writerCount)
    dueNext = loadCount > 0 ? clock.next() : nil
  }

  static func startingTablets(
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
    while !jobs.isEmpty || scanAt.isFinite || isResting {
      advance(to: min(now + nextCompletion(), scanAt, isResting ? restUntil : .infinity))
      try finishMerges()
      try startMerges()
    }
    figures.quiesceSeconds = now - figures.seconds
    return figures
  }

  /// Whether there is something to ask once a rest is over.
  var isResting: Bool { restUntil > now && tablets.contains(where: \.needsDecision) }

  var hasLoads: Bool {
    dueNext != nil || queueHead < queue.count
      || writers.contains { if case .idle = $0 { false } else { true } }
  }

  /// Does all that is to be done at this moment.
  mutating func settleInstant() throws {
    var isChanged = true
    while isChanged {
      isChanged = takeArrivals()
      isChanged = try publishLoads() || isChanged
      isChanged = admitLoads() || isChanged
      isChanged = try finishMerges() || isChanged
    }
    try startMerges()
  }

  /// When something happens next; nil if nothing does.
  func nextEvent() -> Double? {
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
    if isResting { next = min(next, restUntil) }
    for tablet in tablets { next = min(next, tablet.wakeAt) }
    return next.isFinite ? max(next, now) : nil
  }

  /// Seconds until the first running merge is done or has left its slot; infinite if none is or
  /// can be.
  func nextCompletion() -> Double {
    var next = Double.infinity
    for (job, rate) in zip(jobs, rates) {
      if let closesAt = job.closesAt {
        next = min(next, max(0, closesAt - now))
      } else if rate > 0 {
        next = min(next, max(0, job.demand.secondsLeft) / rate)
      }
    }
    return next
  }

  mutating func advance(to time: Double) {
    let seconds = time - now
    for place in jobs.indices { jobs[place].demand.secondsLeft -= seconds * rates[place] }
    now = time
    for place in tablets.indices where tablets[place].wakeAt <= now {
      tablets[place].needsDecision = true
      tablets[place].wakeAt = .infinity
    }
    if scanAt <= now { scan() }
  }

  mutating func scan() {
    scanAt = .infinity
    for place in tablets.indices where tablets[place].isUnseen {
      tablets[place].isUnseen = false
      tablets[place].needsDecision = true
    }
  }

  var timestamp: Timestamp { timestamp(of: now) }

  func timestamp(of seconds: Double) -> Timestamp {
    model.epoch.advanced(bySeconds: seconds)
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
  var loads = TabletLoads()
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
    loads.hasOlder = state.componentCount > 0
    meter = TrafficMeter(at: start)
  }
}

extension TimedTablet {
  /// How many components there are before the next load, or after the last.
  mutating func noteSettled() {
    loads.componentMax = max(loads.componentMax, state.componentCount)
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

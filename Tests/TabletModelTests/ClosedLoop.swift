import StorageBase
import TabletModel

/// Writers that never rest and a compaction of limited speed on one tablet, in virtual time.
struct ClosedLoop {
  enum Compaction {
    /// Takes versions away one by one, that many in a second.
    case steady(perSecond: Double)
    /// Merges everything there is into one version, again and again: a job takes a while to begin
    /// with and then so long for each version.
    case jobs(secondsPerJob: Double, versionsPerSecond: Double)
  }

  private struct Writer {
    var wakesAt: Double
    var wait: LoadWait?
    var loadCount = 0
  }

  let policy: BackPressure
  let limit: Int
  let compaction: Compaction
  /// Of a writer between two loads.
  var thinkSeconds = 0.001

  private(set) var count = 1
  private(set) var countMax = 1
  private(set) var refusedCount = 0
  private(set) var waitLongest = 0.0
  private var writers: [Writer]
  private var line = LoadLine(at: Timestamp(rawValue: 0))
  private var now = 0.0
  private var compactionEnds = Double.infinity
  /// Versions that the running job merges.
  private var inputCount = 0

  init(policy: BackPressure, limit: Int, writerCount: Int, compaction: Compaction) {
    self.policy = policy
    self.limit = limit
    self.compaction = compaction
    writers = (0..<writerCount).map { Writer(wakesAt: Double($0) * 1e-5) }
  }

  var loadCounts: [Int] { writers.map(\.loadCount) }
  var loadCount: Int { loadCounts.reduce(0, +) }

  /// Forgets the greatest and looks on.
  mutating func resetExtremes() {
    countMax = count
    waitLongest = 0
  }

  mutating func run(untilSeconds end: Double) {
    while true {
      startCompaction()
      let next = nextWriter()
      let time = min(writers[next].wakesAt, compactionEnds)
      guard time < end else { break }
      now = time
      if compactionEnds <= writers[next].wakesAt { endCompaction() } else { act(next) }
    }
    now = end
  }

  /// The one that wakes first; many events pass, so without closures.
  private func nextWriter() -> Int {
    var (first, wakesAt) = (0, Double.infinity)
    for index in 0..<writers.count where writers[index].wakesAt < wakesAt {
      first = index
      wakesAt = writers[index].wakesAt
    }
    return first
  }

  private mutating func startCompaction() {
    guard compactionEnds == .infinity, count > 1 else { return }
    switch compaction {
    case .steady(let rate): compactionEnds = rate > 0 ? now + 1 / rate : .infinity
    case .jobs(let start, let rate):
      inputCount = count
      compactionEnds = now + start + Double(count) / rate
    }
  }

  private mutating func endCompaction() {
    if case .steady = compaction { count -= 1 } else { count -= inputCount - 1 }
    compactionEnds = .infinity
  }

  private mutating func pressure() -> LoadWait.Pressure {
    var pressure = LoadWait.Pressure(
      intervalSeconds: policy.intervalSeconds(versionCount: count, limit: limit))
    if policy.isFull(versionCount: count, limit: limit) {
      pressure.fullSeconds = line.fullSeconds(at: timestamp, newest: Version(Int64(loadCount)))
    }
    return pressure
  }

  private var timestamp: Timestamp { Timestamp(rawValue: Int64(now * 1e6)) }

  /// A writer begins a load, or goes on with one that waits.
  private mutating func act(_ index: Int) {
    let pressure = pressure()
    var wait =
      writers[index].wait
      ?? LoadWait(ahead: [line.join(at: timestamp, intervalSeconds: pressure.intervalSeconds)])
    switch wait.step([pressure], patienceSeconds: policy.patienceSeconds) {
    case .pause(let seconds):
      wait.pass(seconds: seconds, [pressure])
      writers[index].wait = wait
      writers[index].wakesAt = now + seconds
      return
    case .proceed:
      if !wait.unfinished.isEmpty { line.leave() }
      count += 1
      countMax = max(countMax, count)
      writers[index].loadCount += 1
    case .giveUp:
      line.leave()
      refusedCount += 1
    }
    waitLongest = max(waitLongest, wait.waitedSeconds)
    writers[index].wait = nil
    writers[index].wakesAt = now + thinkSeconds
  }
}

import EngineSimulation
import Glibc
import StorageIO

/// What a soak is to do.
struct SoakPlan {
  let kind: SimulatedKind
  let first: Int
  /// Nil for no end.
  let count: Int?
  let stepCount: Int
  let workerCount: Int
  let timeoutSeconds: Int
}

/// Starts workers with disjoint seeds, hears what they say, starts another where one has died, and
/// shows how things stand.
struct SoakSupervisor {
  private struct Worker {
    let index: Int
    let process: ChildProcess
    /// The seed it is at.
    var seed: Int
    var remaining: Int?
    var lastHeard: UInt64
  }

  private let plan: SoakPlan
  private let clock = MonotonicClock()
  private var workers: [Worker] = []
  private var doneCount = 0
  private var failures: [(seed: Int, what: String)] = []
  private var counts: [String: Int] = [:]
  private var controls: [String: String] = [:]
  private var isStopping = false

  init(_ plan: SoakPlan) { self.plan = plan }

  /// - Returns: how many seeds have failed.
  mutating func run(until interrupt: InterruptFlag) throws -> Int {
    let start = clock.now()
    let workerCount = min(plan.workerCount, plan.count ?? .max)
    for index in 0..<workerCount {
      let remaining = plan.count.map { ($0 - index + workerCount - 1) / workerCount }
      workers.append(try startWorker(index, seed: plan.first + index, remaining: remaining))
    }
    var lastShown = start
    while !workers.isEmpty {
      if interrupt.isSet, !isStopping {
        isStopping = true
        for worker in workers { kill(worker.process.id, SIGTERM) }
      }
      try hearWorkers()
      let now = clock.now()
      if now - lastShown > Self.secondsBetweenLines * 1_000_000_000 {
        lastShown = now
        show(since: start)
      }
    }
    show(since: start)
    summarise()
    return failures.count
  }

  private static let secondsBetweenLines: UInt64 = 5

  private func startWorker(_ index: Int, seed: Int, remaining: Int?) throws -> Worker {
    let stride = min(plan.workerCount, plan.count ?? .max)
    let process = try ChildProcess(arguments: [
      "--first", "\(seed)", "--stride", "\(stride)", "--seeds", "\(remaining ?? 0)",
      "--steps", "\(plan.stepCount)", "--kind", plan.kind.rawValue,
    ])
    return Worker(
      index: index, process: process, seed: seed, remaining: remaining, lastHeard: clock.now())
  }

  private mutating func hearWorkers() throws {
    var polls = workers.map {
      pollfd(fd: $0.process.descriptor, events: Int16(POLLIN), revents: 0)
    }
    _ = poll(&polls, nfds_t(polls.count), 500)
    // From the end, since the dead are taken out.
    for place in workers.indices.reversed() {
      if polls[place].revents != 0 {
        guard let lines = workers[place].process.readLines() else {
          try bury(place)
          continue
        }
        workers[place].lastHeard = clock.now()
        for line in lines { hear(line, from: place) }
      } else if clock.now() - workers[place].lastHeard
        > UInt64(plan.timeoutSeconds) * 1_000_000_000
      {
        workers[place].process.stop()
      }
    }
  }

  private mutating func hear(_ line: String, from place: Int) {
    let words = line.split(separator: " ", maxSplits: 2).map(String.init)
    guard words.count >= 2 else { return }
    switch words[0] {
    case "done": next(place)
    case "failed":
      fail(Int(words[1]) ?? 0, words.count > 2 ? words[2] : "")
      next(place)
    case "control" where words.count > 2:
      let known = controls.updateValue(words[2], forKey: words[1])
      if let known, known != words[2] {
        fail(Int(words[1]) ?? 0, "took another course in another process")
      }
    case "count" where words.count > 2: counts[words[2], default: 0] += Int(words[1]) ?? 0
    default: break
    }
  }

  private mutating func next(_ place: Int) {
    doneCount += 1
    workers[place].seed += min(plan.workerCount, plan.count ?? .max)
    workers[place].remaining = workers[place].remaining.map { $0 - 1 }
  }

  /// A worker has ended: when it was killed, by its own fault or for hanging, another goes on
  /// after the seed that did it.
  private mutating func bury(_ place: Int) throws {
    let worker = workers.remove(at: place)
    guard let signal = worker.process.waitForEnd(), !isStopping else { return }
    doneCount += 1
    fail(
      worker.seed,
      signal == SIGKILL ? "hangs" : "ended the process by signal \(signal)")
    let stride = min(plan.workerCount, plan.count ?? .max)
    let remaining = worker.remaining.map { $0 - 1 }
    if remaining != 0 {
      workers.append(
        try startWorker(worker.index, seed: worker.seed + stride, remaining: remaining))
    }
  }

  private mutating func fail(_ seed: Int, _ what: String) {
    failures.append((seed, what))
    print("seed \(seed) failed: \(what)")
    print("  again: ./dev soak --seed \(seed)\(otherArguments)")
    fflush(nil)
  }

  private var otherArguments: String {
    (plan.stepCount == plan.kind.usualStepCount ? "" : " --steps \(plan.stepCount)")
      + (plan.kind == .engine ? "" : " --kind \(plan.kind)")
  }

  private func show(since start: UInt64) {
    let seconds = Double(clock.now() - start) / 1e9
    let rate = Int(Double(doneCount) / max(seconds, 0.001))
    let total = plan.count.map { " of \($0)" } ?? ""
    print(
      "\(Int(seconds)) s: \(doneCount)\(total) seeds, \(rate) seeds/s, \(failures.count) failed")
    fflush(nil)
  }

  private func summarise() {
    print("what happened: ", terminator: "")
    print(counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    for failure in failures.prefix(20) {
      print("failed: ./dev soak --seed \(failure.seed)\(otherArguments)  # \(failure.what)")
    }
  }
}

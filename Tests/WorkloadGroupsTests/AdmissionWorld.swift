import StorageBase

@testable import WorkloadGroups

/// Threads, arrivals and a clock that jumps from one event to the next: what an admission queue
/// does to operations of known length, exactly and without waiting.
struct AdmissionWorld {
  struct Arrival {
    let group: Int
    let at: Timestamp
    let serviceSeconds: Double
    var byteCount = 0
    var deadlineSeconds: Double?
  }

  enum Fate: Equatable {
    case done(latencySeconds: Double)
    case refused(AdmissionRefusal, afterSeconds: Double)
  }

  private(set) var queue: AdmissionQueue<Int>
  private let threadCount: Int
  /// By arrival.
  private(set) var fates: [Fate?] = []
  private(set) var beginOrder: [Int] = []
  private(set) var end = Timestamp(rawValue: 0)
  private(set) var busySeconds = 0.0
  private var running: [(until: Timestamp, operation: AdmittedOperation<Int>)] = []

  init(_ groups: [WorkloadGroup], threads: Int, memory: Int = .max) throws {
    queue = try AdmissionQueue(groups, memory: MemoryTracker("the test", byteCountMax: memory))
    threadCount = threads
  }

  /// Lets the arrivals, which are in order, come, and runs until nothing waits or runs.
  mutating func run(_ arrivals: [Arrival]) {
    fates = Array(repeating: nil, count: arrivals.count)
    var next = 0
    while next < arrivals.count || !running.isEmpty || queue.waitingCount > 0 {
      let arrives = next < arrivals.count ? arrivals[next].at : Timestamp(rawValue: .max)
      let ends = running.map(\.until).min() ?? Timestamp(rawValue: .max)
      let now = min(arrives, ends)
      end = max(end, now)
      if ends <= arrives {
        guard let index = running.firstIndex(where: { $0.until == ends }) else { return }
        let (_, operation) = running.remove(at: index)
        queue.finish(operation)
        fates[operation.work] = .done(latencySeconds: now.seconds(since: operation.queuedAt))
      } else {
        submit(arrivals[next], number: next)
        next += 1
      }
      dispatch(arrivals, at: now)
    }
  }

  private mutating func submit(_ arrival: Arrival, number: Int) {
    let request = AdmissionRequest(
      group: arrival.group, cost: arrival.serviceSeconds, byteCount: arrival.byteCount,
      deadline: arrival.deadlineSeconds.map { arrival.at.advanced(bySeconds: $0) })
    do {
      _ = try queue.submit(number, request, at: arrival.at)
    } catch {
      fates[number] = .refused(error, afterSeconds: 0)
    }
  }

  private mutating func dispatch(_ arrivals: [Arrival], at now: Timestamp) {
    for refused in queue.takeExpired(at: now) { note(refused, at: now) }
    while running.count < threadCount, let operation = queue.next(at: now) {
      let seconds = arrivals[operation.work].serviceSeconds
      beginOrder.append(operation.work)
      busySeconds += seconds
      running.append((now.advanced(bySeconds: seconds), operation))
    }
    for refused in queue.takeExpired(at: now) { note(refused, at: now) }
  }

  private mutating func note(_ refused: RefusedOperation<Int>, at now: Timestamp) {
    fates[refused.work] = .refused(
      refused.reason, afterSeconds: now.seconds(since: refused.queuedAt))
  }

  /// Latencies of those of a group that were done, ascending.
  func latencies(of group: Int, _ arrivals: [Arrival], where condition: (Arrival) -> Bool)
    -> [Double]
  {
    zip(arrivals, fates).compactMap { arrival, fate in
      guard arrival.group == group, condition(arrival), case .done(let seconds) = fate else {
        return nil
      }
      return seconds
    }.sorted()
  }

  func latencies(of group: Int, _ arrivals: [Arrival]) -> [Double] {
    latencies(of: group, arrivals) { _ in true }
  }
}

extension AdmissionWorld.Arrival {
  /// Arrivals of one group at random moments, `perSecond` on average, from `from` to `to` seconds.
  static func poisson(
    group: Int, perSecond: Double, from: Double = 0, to: Double, serviceSeconds: Double,
    random: inout SeededGenerator
  ) -> [AdmissionWorld.Arrival] {
    var arrivals: [AdmissionWorld.Arrival] = []
    var time = from
    while true {
      time += -naturalLogarithm(1 - random.nextUnit()) / perSecond
      if time >= to { return arrivals }
      arrivals.append(
        .init(
          group: group, at: Timestamp(rawValue: Int64(time * 1e6)),
          serviceSeconds: serviceSeconds))
    }
  }
}

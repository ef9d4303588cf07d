import StorageBase
import Testing

@testable import WorkloadGroups

/// Random histories of the admission queue beside what must hold at any time.
@Suite struct AdmissionHistoryTests {
  private struct Waiting {
    let work: Int
    let id: OperationID
    let queuedAt: Timestamp
    let expires: Timestamp
  }

  private struct History {
    let groups: [WorkloadGroup]
    let memoryMax: Int
    var queue: AdmissionQueue<Int>
    var random: SeededGenerator
    var now = Timestamp(rawValue: 0)
    var nextWork = 0
    /// In line, by group: the work, its id, when it came, and how long it may wait.
    var waiting: [[Waiting]]
    var running: [AdmittedOperation<Int>] = []
    var endedCount = 0

    init(seed: UInt64) throws {
      var random = SeededGenerator(seed: seed)
      groups = (0..<3).map { group in
        WorkloadGroup(
          name: "g\(group)", weight: 1 + Int(random.next() % 5),
          concurrencyMax: 1 + Int(random.next() % 3), queueCountMax: Int(random.next() % 8),
          queueSecondsMax: Double(1 + random.next() % 50) / 1000,
          newestFirstSeconds: group == 0 ? .infinity : Double(random.next() % 20) / 1000,
          memoryByteCountMax: 700)
      }
      memoryMax = 1000
      queue = try AdmissionQueue(groups, memory: MemoryTracker("all", byteCountMax: memoryMax))
      self.random = random
      waiting = groups.map { _ in [] }
    }

    /// What did not hold, by line; collected, since there are many steps.
    var problems: Set<Int> = []

    private mutating func expect(_ holds: Bool, line: Int = #line) {
      if !holds { problems.insert(line) }
    }

    mutating func step() {
      now = now.advanced(bySeconds: Double(random.next() % 4000) / 1e6)
      switch random.next() % 8 {
      case 0..<3: submit()
      case 3..<5: begin()
      case 5: finish()
      case 6: cancel()
      default: expire()
      }
      check()
    }

    private mutating func submit() {
      let group = Int(random.next() % 3)
      let deadline: Timestamp? =
        random.next() % 3 == 0
        ? now.advanced(bySeconds: Double(random.next() % 30) / 1000) : nil
      let request = AdmissionRequest(
        group: group, cost: Double(1 + random.next() % 9), byteCount: Int(random.next() % 750),
        deadline: deadline)
      let patience = now.advanced(bySeconds: groups[group].queueSecondsMax)
      let count = queue.counters[group].waitingCount
      let hasPlace =
        count < groups[group].queueCountMax
        || (count == 0 && runningCount(of: group) < groups[group].concurrencyMax)
      do {
        let id = try queue.submit(nextWork, request, at: now)
        expect(hasPlace && request.byteCount <= 700)
        waiting[group].append(
          Waiting(
            work: nextWork, id: id, queuedAt: now,
            expires: deadline.map { min($0, patience) } ?? patience))
      } catch {
        expect(!hasPlace || request.byteCount > 700)
        endedCount += 1
      }
      nextWork += 1
    }

    private func runningCount(of group: Int) -> Int {
      running.count { $0.request.group == group }
    }

    private mutating func begin() {
      guard let operation = queue.next(at: now) else {
        // Nobody who could begin is kept waiting: a place and the memory are missing.
        for (group, line) in waiting.enumerated() {
          guard line.contains(where: { $0.expires > now }) else { continue }
          expect(
            runningCount(of: group) == groups[group].concurrencyMax
              || queue.memory.byteCount > 0)
        }
        return
      }
      let group = operation.request.group
      let position = waiting[group].firstIndex { $0.work == operation.work }
      expect(position != nil)
      // The first of those that have not expired, or the last once that one has waited too long.
      let living = waiting[group].filter { $0.expires > now }
      let isOverloaded = living.first.map {
        now.seconds(since: $0.queuedAt) >= groups[group].newestFirstSeconds
      }
      let expected = isOverloaded == true ? living.last : living.first
      expect(expected?.work == operation.work)
      if let position {
        expect(waiting[group][position].expires > now)
        waiting[group].remove(at: position)
      }
      running.append(operation)
    }

    private mutating func finish() {
      guard !running.isEmpty else { return }
      let operation = running.remove(at: Int(random.next() % UInt64(running.count)))
      queue.finish(operation, cost: Double(random.next() % 12))
      endedCount += 1
    }

    private mutating func cancel() {
      let group = Int(random.next() % 3)
      guard let victim = waiting[group].last else { return }
      if let cancelled = queue.cancel(victim.id) {
        expect(cancelled.work == victim.work)
        expect(cancelled.reason == .cancelled(group: groups[group].name))
        waiting[group].removeLast()
        endedCount += 1
      } else {
        // Only what has expired can be gone from the line.
        expect(victim.expires <= now)
      }
      let unknown = queue.cancel(OperationID(rawValue: .max)).map(\.work)
      expect(unknown == nil)
    }

    private mutating func expire() {
      let gone = Set(queue.takeExpired(at: now).map(\.work))
      let expected = waiting.flatMap { $0 }.filter { $0.expires <= now }.map(\.work)
      expect(gone == Set(expected))
      for group in waiting.indices { waiting[group].removeAll { gone.contains($0.work) } }
      endedCount += gone.count
    }

    private mutating func check() {
      for (group, counters) in queue.counters.enumerated() {
        expect(counters.runningCount == runningCount(of: group))
        expect(counters.runningCount <= groups[group].concurrencyMax)
        expect(counters.memoryByteCount <= groups[group].memoryByteCountMax)
      }
      expect(
        queue.memory.byteCount == running.reduce(0) { $0 + $1.request.byteCount })
      expect(queue.memory.byteCount <= memoryMax)
      expect(endedCount + running.count + waiting.reduce(0) { $0 + $1.count } == nextWork)
    }
  }

  @Test(arguments: 0..<12) func everyOperationEndsOnce(seed: Int) throws {
    var history = try History(seed: UInt64(seed))
    for _ in 0..<400 { history.step() }
    #expect(history.problems == [])
  }
}

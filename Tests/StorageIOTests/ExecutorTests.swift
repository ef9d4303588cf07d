import Glibc
import StorageBase
import Synchronization
import Testing

@testable import StorageIO

struct ExecutorTests {
  @Test func poolRunsEveryJobOnce() throws {
    let pool = try WorkerPool(name: "test", threadCount: 3)
    let runs = Mutex([Int](repeating: 0, count: 5000))
    for job in 0..<5000 { pool.submit { runs.withLock { $0[job] += 1 } } }
    pool.waitUntilIdle()
    #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    pool.shutdown()
  }

  @Test func oneThreadKeepsTheOrder() throws {
    let pool = try WorkerPool(name: "test", threadCount: 1)
    let order = Mutex<[Int]>([])
    for job in 0..<500 { pool.submit { order.withLock { $0.append(job) } } }
    pool.shutdown(.drain)
    #expect(order.withLock { $0 } == Array(0..<500))
  }

  /// With a limit of 2 and a blocked thread, a third waiting job has no room.
  @Test func fullQueueBlocks() throws {
    let pool = try WorkerPool(name: "test", threadCount: 1, queueLimit: 2)
    let gate = Monitor((isOpen: false, isRunning: false))
    pool.submit {
      gate.withLock { $0.isRunning = true }
      gate.broadcast()
      gate.wait { $0.isOpen ? () : nil }
    }
    gate.wait { $0.isRunning ? () : nil }
    let count = Mutex(0)
    for _ in 0..<2 { #expect(pool.trySubmit { count.withLock { $0 += 1 } }) }
    #expect(pool.queuedCount == 2)
    #expect(!pool.trySubmit { count.withLock { $0 += 100 } })

    let submitter = try WorkerPool(name: "submitter", threadCount: 1)
    let isThrough = Monitor(false)
    submitter.submit {
      pool.submit { count.withLock { $0 += 1 } }
      isThrough.withLock { $0 = true }
      isThrough.broadcast()
    }
    #expect(isThrough.wait(atMost: 20_000_000) { $0 ? () : nil } == nil)
    gate.withLock { $0.isOpen = true }
    gate.broadcast()
    isThrough.wait { $0 ? () : nil }
    pool.waitUntilIdle()
    #expect(count.withLock { $0 } == 3)
    submitter.shutdown()
    pool.shutdown()
  }

  @Test(arguments: [WorkerPool.ShutdownMode.drain, .drop])
  func shutdownDrainsOrDrops(mode: WorkerPool.ShutdownMode) throws {
    let pool = try WorkerPool(name: "test", threadCount: 1)
    let gate = Monitor((isOpen: false, isRunning: false))
    let count = Mutex(0)
    pool.submit {
      gate.withLock { $0.isRunning = true }
      gate.broadcast()
      gate.wait { $0.isOpen ? () : nil }
    }
    for _ in 0..<10 { pool.submit { count.withLock { $0 += 1 } } }
    gate.wait { $0.isRunning ? () : nil }
    let closer = try WorkerPool(name: "closer", threadCount: 1)
    closer.submit { pool.shutdown(mode) }
    // A stopped pool refuses jobs, which tells that the shutdown has begun.
    while pool.trySubmit({ count.withLock { $0 += 1 } }) { sched_yield() }
    let queuedCount = pool.queuedCount
    gate.withLock { $0.isOpen = true }
    gate.broadcast()
    closer.waitUntilIdle()
    if mode == .drop {
      #expect(queuedCount == 0)
      #expect(count.withLock { $0 } == 0)
    } else {
      #expect(count.withLock { $0 } == queuedCount)
      #expect(queuedCount >= 10)
    }
    let hasRunLate = Mutex(false)
    pool.submit { hasRunLate.withLock { $0 = true } }
    pool.shutdown(mode)
    #expect(hasRunLate.withLock { $0 } == false)
    closer.shutdown()
  }

  /// A released pool lets its threads end, and an idle one holds nothing of its jobs.
  @Test func poolHoldsNothingWhenIdleAndEndsWhenReleased() throws {
    final class Witness: Sendable {}
    weak let idle: Witness?
    weak let core: WorkerPoolCore?
    do {
      let pool = try WorkerPool(name: "test", threadCount: 2)
      core = pool.core
      let witness = Witness()
      idle = witness
      pool.submit { withExtendedLifetime(witness) {} }
      pool.waitUntilIdle()
    }
    #expect(idle == nil)
    let start = MonotonicClock().now()
    while core != nil, MonotonicClock().now() - start < 5_000_000_000 { sched_yield() }
    #expect(core == nil)
  }

  @Test func threadsHaveNamesAndPriorities() throws {
    let pool = try WorkerPool(name: "compaction-low", threadCount: 1, niceness: 7)
    let found = Mutex((name: "", niceness: Int32(0)))
    pool.submit {
      let descriptor = open("/proc/thread-self/comm", O_RDONLY)
      var bytes = [UInt8](repeating: 0, count: 32)
      let count = read(descriptor, &bytes, bytes.count)
      close(descriptor)
      let niceness = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
      found.withLock { $0 = (String(decoding: bytes[..<max(0, count)], as: UTF8.self), niceness) }
    }
    pool.shutdown()
    #expect(found.withLock { $0.name } == "compaction-l-0\n")
    let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    #expect(found.withLock { $0.niceness } == max(7, own))
  }

  @Test func inlineExecutorRunsAtOnce() {
    let count = Mutex(0)
    InlineExecutor().submit { count.withLock { $0 += 1 } }
    #expect(count.withLock { $0 } == 1)
  }

  /// The order depends on the seed alone, and jobs may submit jobs.
  @Test func simulatedOrderComesFromTheSeed() {
    func order(_ seed: UInt64) -> [Int] {
      let executor = SimulatedExecutor(seed: seed)
      let order = Mutex<[Int]>([])
      let record: @Sendable (Int) -> Void = { job in order.withLock { $0.append(job) } }
      for job in 0..<8 {
        executor.submit {
          record(job)
          executor.submit { record(job + 100) }
        }
      }
      #expect(executor.pendingCount == 8)
      #expect(executor.runAll() == 16)
      #expect(!executor.runNext())
      return order.withLock { $0 }
    }
    let expected = Array(0..<8) + Array(100..<108)
    for seed in 0..<20 as Range<UInt64> {
      #expect(order(seed) == order(seed))
      #expect(order(seed).sorted() == expected)
    }
    #expect(Set((0..<20 as Range<UInt64>).map(order)).count > 15)
  }

  @Test func simulatedJobsCanBeLost() {
    let executor = SimulatedExecutor(seed: 1)
    executor.submit {}
    executor.submit {}
    #expect(executor.dropAll() == 2)
    #expect(executor.runAll() == 0)
  }

  @Test func queueIsFirstInFirstOut() {
    var random = SeededGenerator(seed: 5)
    let order = Mutex<[Int]>([])
    var queue = JobQueue()
    var submitted = 0
    var taken = 0
    for _ in 0..<2000 {
      if Int.random(in: 0..<5, using: &random) < 3 {
        let job = submitted
        queue.append { order.withLock { $0.append(job) } }
        submitted += 1
      } else if let job = queue.popFirst() {
        job()
        taken += 1
      }
      #expect(queue.count == submitted - taken)
      #expect(queue.isEmpty == (submitted == taken))
    }
    #expect(order.withLock { $0 } == Array(0..<taken))
  }
}

import Glibc
import StorageBase
import Synchronization
import Testing

@testable import StorageIO

struct MonitorTests {
  /// Two threads hand a number to and fro: a lost wake-up would hang.
  @Test func pingPong() throws {
    let monitor = Monitor(0)
    let pool = try WorkerPool(name: "ping", threadCount: 2)
    for player in 0..<2 {
      pool.submit {
        for _ in 0..<500 {
          monitor.wait { turn -> Void? in
            guard turn % 2 == player else { return nil }
            turn += 1
            return ()
          }
          monitor.broadcast()
        }
      }
    }
    pool.waitUntilIdle()
    #expect(monitor.withLock { $0 } == 1000)
    pool.shutdown()
  }

  @Test func changesAreNotLost() throws {
    let monitor = Monitor(0)
    let pool = try WorkerPool(name: "count", threadCount: 4)
    for _ in 0..<4 {
      pool.submit { for _ in 0..<5000 { monitor.withLock { $0 += 1 } } }
    }
    pool.shutdown()
    #expect(monitor.withLock { $0 } == 20000)
  }

  @Test func waitGivesUpInTime() {
    let monitor = Monitor(0)
    let start = MonotonicClock().now()
    let result = monitor.wait(atMost: 5_000_000) { $0 == 1 ? $0 : nil }
    #expect(result == nil)
    #expect(MonotonicClock().now() - start >= 5_000_000)
    #expect(monitor.wait(atMost: .max) { $0 == 0 ? "at once" : nil } == "at once")
  }

  @Test func errorsLeaveTheLockFree() {
    let monitor = Monitor(0)
    let error = StorageError.invalidSchema(reason: "test")
    #expect(throws: error) { try monitor.withLock { _ in throw error } }
    #expect(throws: error) { try monitor.wait { _ -> Int? in throw error } }
    #expect(monitor.withLock { $0 } == 0)
  }
}

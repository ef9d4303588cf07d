import StorageIO
import Synchronization
import Testing

@Suite struct ThreadSignalTests {
  @Test func aSignalBeforeTheWaitIsNotLost() {
    let signal = ThreadSignal()
    signal.signal()
    signal.signal()
    signal.wait()
    signal.wait()
  }

  /// Two threads hand a number to and fro; what one writes before a signal the other sees.
  @Test func twoThreadsTakeTurns() throws {
    final class Box: @unchecked Sendable { var number = 0 }
    let box = Box()
    let turns = [ThreadSignal(), ThreadSignal()]
    let wrong = Atomic<Int>(0)
    let pool = try WorkerPool(name: "turns", threadCount: 2)
    for me in 0..<2 {
      pool.submit {
        for round in 0..<2000 {
          turns[me].wait()
          if box.number != 2 * round + me { wrong.add(1, ordering: .relaxed) }
          box.number += 1
          turns[1 - me].signal()
        }
      }
    }
    turns[0].signal()
    pool.waitUntilIdle()
    pool.shutdown()
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(box.number == 4000)
  }
}

import StorageIO
import Synchronization
import Testing

@testable import TabletEngine

@Suite struct CommitQueueTests {
  struct Refusal: Error, Equatable { let number: Int }

  /// Many threads: every request is carried out once, by one leader at a time, a thread's own in
  /// their order, and everybody gets the answer to what it asked.
  @Test(arguments: [1, 3, 1024]) func everyRequestIsAnsweredOnce(batchCountMax: Int) throws {
    let queue = CommitQueue<Int, Int>(batchCountMax: batchCountMax)
    let threadCount = 16
    let requestCount = 500
    let leaders = Atomic<Int>(0)
    let processed = Mutex<[Int]>([])
    let problems = Mutex<[String]>([])
    let pool = try WorkerPool(name: "queue", threadCount: threadCount)
    for thread in 0..<threadCount {
      pool.submit {
        for index in 0..<requestCount {
          let number = thread * requestCount + index
          do {
            let answer = try queue.submit(number) { requests in
              if leaders.add(1, ordering: .acquiringAndReleasing).newValue != 1 {
                problems.withLock { $0.append("two leaders") }
              }
              if requests.count > batchCountMax {
                problems.withLock { $0.append("a batch of \(requests.count)") }
              }
              processed.withLock { $0 += requests }
              leaders.subtract(1, ordering: .acquiringAndReleasing)
              return requests.map { number in
                number % 7 == 0 ? .failure(Refusal(number: number)) : .success(-number)
              }
            }
            if number % 7 == 0 || answer != -number {
              problems.withLock { $0.append("\(number) was answered \(answer)") }
            }
          } catch {
            if number % 7 != 0 || error as? Refusal != Refusal(number: number) {
              problems.withLock { $0.append("\(number) was refused: \(error)") }
            }
          }
        }
      }
    }
    pool.waitUntilIdle()
    pool.shutdown()
    #expect(problems.withLock { $0 } == [])
    let order = processed.withLock { $0 }
    #expect(order.sorted() == Array(0..<threadCount * requestCount))
    for thread in 0..<threadCount {
      let own = order.filter { $0 / requestCount == thread }
      #expect(own == own.sorted())
    }
  }
}

import Glibc
import StorageBase
import StorageIO
import Synchronization
import Testing

/// Questions and answers over a Unix socket.
@Suite struct SocketTests {
  private static let serial = Atomic<Int>(0)

  private static func path() -> String {
    let number = serial.wrappingAdd(1, ordering: .relaxed).newValue
    return "/tmp/sediment-\(getpid())-\(number).sock"
  }

  @Test func answersComeToWhoAsked() throws {
    let path = Self.path()
    let server = try SocketServer(path: path, clientCount: 4) { $0.reversed() }
    defer { server.stop() }
    let pool = try WorkerPool(name: "clients", threadCount: 4)
    let failures = Mutex<[String]>([])
    for number in 0..<4 as Range<UInt64> {
      pool.submit {
        let client = SocketClient(path: path, seconds: 10)
        var random = SeededGenerator(seed: number)
        for round in 0..<50 {
          let count = round % 10 == 0 ? 300_000 : Int(random.next() % 500)
          let question = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
          do {
            let answer = try client.exchange(question)
            if answer != question.reversed() { failures.withLock { $0.append("another answer") } }
          } catch {
            failures.withLock { $0.append("\(error)") }
          }
        }
      }
    }
    pool.shutdown()
    #expect(failures.withLock { $0 } == [])
  }

  @Test func aServerThatHasStoppedIsFoundAgain() throws {
    let path = Self.path()
    let client = SocketClient(path: path, seconds: 5)
    #expect(throws: StorageError.self) { try client.exchange([1]) }
    for round in 0..<3 as Range<UInt8> {
      let server = try SocketServer(path: path, clientCount: 1) { $0 + [round] }
      #expect(try client.exchange([7]) == [7, round])
      server.stop()
      #expect(throws: StorageError.self) { try client.exchange([7]) }
    }
  }

  @Test func whoDoesNotAnswerIsGivenUp() throws {
    let path = Self.path()
    let isOver = Monitor(false)
    let server = try SocketServer(path: path, clientCount: 1) { question in
      if question == [1] { _ = isOver.wait(until: { $0 ? true : nil }) }
      return question
    }
    defer { server.stop() }
    let client = SocketClient(path: path, seconds: 0.05)
    #expect(throws: StorageError.self) { try client.exchange([1]) }
    isOver.withLock { $0 = true }
    isOver.broadcast()
  }

  @Test func twoServersDoNotShareASocket() throws {
    let path = Self.path()
    let server = try SocketServer(path: path, clientCount: 1) { $0 }
    defer { server.stop() }
    #expect(throws: StorageError.self) { try SocketServer(path: path, clientCount: 1) { $0 } }
    #expect(throws: StorageError.self) {
      try SocketServer(path: String(repeating: "x", count: 200), clientCount: 1) { $0 }
    }
  }
}

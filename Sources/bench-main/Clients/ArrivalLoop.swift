import StorageBase
import StorageIO
import Synchronization

/// Sends operations when they are due, on the thread that calls `run`. Thread-safe.
final class ArrivalLoop: Sendable {
  private let workers: ClientWorkers
  private let settings: ClientSettings
  private let seed: UInt64
  /// On the monotonic clock: when the first operation may be due, and when the last.
  private let start: UInt64
  private let end: UInt64
  private let isStopped = Atomic<Bool>(false)
  private let clock = MonotonicClock()
  /// How long it sleeps at most.
  private static let sliceNanoseconds: UInt64 = 500_000
  /// How often those are told that have waited too long. To find them costs a look at all that
  /// wait, during which nobody else can be let in.
  private static let expiryNanoseconds: UInt64 = 5_000_000

  init(
    workers: ClientWorkers, settings: ClientSettings, seed: UInt64, start: UInt64, end: UInt64
  ) {
    self.workers = workers
    self.settings = settings
    self.seed = seed
    self.start = start
    self.end = end
  }

  func stop() { isStopped.store(true, ordering: .relaxed) }

  private struct Stream {
    var schedule: ArrivalSchedule
    /// When it ends, on the monotonic clock.
    var end = UInt64.max
    let kind: @Sendable (Int) -> ClientOperation.Kind
  }

  /// Returns at the end, or after `stop`.
  func run() {
    var streams = makeStreams()
    while clock.now() < start { sleepThread(nanoseconds: Self.sliceNanoseconds) }
    startFollowing()
    var expiresAt: UInt64 = 0
    while !isStopped.load(ordering: .relaxed) {
      let now = clock.now()
      if now >= end { break }
      for index in streams.indices {
        while streams[index].schedule.nextDue <= min(now, streams[index].end) {
          let (client, due) = streams[index].schedule.takeNext()
          workers.send(streams[index].kind(client), of: client, due: due)
        }
      }
      if now >= expiresAt {
        workers.expire()
        expiresAt = now + Self.expiryNanoseconds
      }
      let next = streams.filter { $0.schedule.nextDue <= $0.end }.map(\.schedule.nextDue).min()
      let until = min(next ?? .max, now + Self.sliceNanoseconds)
      let reached = clock.now()
      if until > reached { sleepThread(nanoseconds: until - reached) }
    }
    workers.stopFollowing()
  }

  private func makeStreams() -> [Stream] {
    let (writers, readers) = (settings.writerCount, settings.readerCount)
    var streams: [Stream] = []
    func add(
      _ perSecond: Double, _ clients: Range<Int>, _ salt: UInt64, from: UInt64? = nil,
      to: UInt64 = .max, _ kind: @escaping @Sendable (Int) -> ClientOperation.Kind
    ) {
      guard perSecond > 0, !clients.isEmpty else { return }
      streams.append(
        Stream(
          schedule: ArrivalSchedule(
            perSecond: perSecond, clients: clients, start: from ?? start,
            seed: mixBits(seed ^ salt)),
          end: to, kind: kind))
    }
    let workers = workers
    add(settings.loadsPerSecond, 0..<writers, 1) { _ in .load }
    add(settings.queriesPerSecond, writers..<writers + readers, 2) { workers.question(of: $0) }
    if let rush = settings.rush {
      let from = start + UInt64(rush.from * 1e9)
      add(
        rush.queriesPerSecond, writers..<writers + readers, 4, from: from,
        to: from + UInt64(rush.seconds * 1e9)
      ) { workers.question(of: $0) }
    }
    // Whoever scans is none of the clients of the mix.
    let all = settings.clients
    add(settings.scansPerSecond, all..<all + ClientSettings.scannerCount, 3) { _ in
      .question(.fullScan)
    }
    return streams
  }

  /// Clients that go on as soon as they are answered begin at once.
  private func startFollowing() {
    if settings.loadsPerSecond == 0 {
      for client in 0..<settings.writerCount { workers.send(.load, of: client, due: start) }
    }
    if settings.queriesPerSecond == 0 {
      for client in settings.writerCount..<settings.clients {
        workers.send(workers.question(of: client), of: client, due: start)
      }
    }
  }
}

import StorageBase

/// When operations of many clients arrive: a Poisson process, each arrival that of any of the
/// clients. Sums of Poisson processes are Poisson processes, so this is one of each client. The
/// same seed gives the same arrivals. Not thread-safe.
struct ArrivalSchedule {
  /// In nanoseconds.
  private let meanInterval: Double
  private let clients: Range<Int>
  private var random: SeededGenerator
  private var due: Double

  /// - Parameters:
  ///   - perSecond: of all clients together, above 0.
  ///   - start: on the monotonic clock, in nanoseconds.
  init(perSecond: Double, clients: Range<Int>, start: UInt64, seed: UInt64) {
    precondition(perSecond > 0 && !clients.isEmpty)
    meanInterval = 1e9 / perSecond
    self.clients = clients
    random = SeededGenerator(seed: seed)
    due = Double(start)
    advance()
  }

  /// When the next operation is due.
  var nextDue: UInt64 { UInt64(due) }

  /// Its client; the one after it is next then.
  mutating func takeNext() -> (client: Int, due: UInt64) {
    let client = Int.random(in: clients, using: &random)
    let time = nextDue
    advance()
    return (client, time)
  }

  private mutating func advance() { due += -naturalLogarithm(1 - random.nextUnit()) * meanInterval }
}

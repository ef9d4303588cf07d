import StorageIO

/// Lets concurrent commits share one append and one sync (leader and followers, as in the write
/// groups of RocksDB and the group commit of databases before it).
///
/// Whoever finds no leader becomes it and processes everything queued at that moment; the others
/// wait. There is no waiting for company: under load the queue fills while the leader syncs.
/// Thread-safe; with a single thread it degenerates to one request after the other.
final class CommitQueue<Request, Receipt: Sendable>: Sendable where Request: Sendable {
  /// A request on its way. The result is written by the leader and read by its owner, both under
  /// the queue's lock.
  final class Ticket: @unchecked Sendable {
    let request: Request
    fileprivate(set) var result: Result<Receipt, any Error>?

    init(_ request: Request) { self.request = request }
  }

  private struct State {
    var waiting: [Ticket] = []
    var hasLeader = false
  }

  private enum Role {
    case done
    case leader([Ticket])
  }

  private let monitor = Monitor(State())
  /// Requests one leader processes at most, so that a follower's wait is bounded.
  private let batchCountMax: Int

  init(batchCountMax: Int = 1024) { self.batchCountMax = batchCountMax }

  /// Waits until the request has been processed by some leader.
  ///
  /// - Parameter process: carries out a batch, in order, and returns a result for each. Never
  ///   called by two threads at once.
  func submit(
    _ request: Request, process: ([Request]) -> [Result<Receipt, any Error>]
  ) throws -> Receipt {
    let ticket = Ticket(request)
    monitor.withLock { $0.waiting.append(ticket) }
    while true {
      switch monitor.wait(until: { role(of: ticket, in: &$0) }) {
      case .done:
        guard let result = ticket.result else { preconditionFailure("done without a result") }
        return try result.get()
      case .leader(let batch):
        let results = process(batch.map(\.request))
        precondition(results.count == batch.count, "a result for each request")
        monitor.withLock { state in
          for (ticket, result) in zip(batch, results) { ticket.result = result }
          state.hasLeader = false
        }
        monitor.broadcast()
      }
    }
  }

  private func role(of ticket: Ticket, in state: inout State) -> Role? {
    if ticket.result != nil { return .done }
    if state.hasLeader { return nil }
    state.hasLeader = true
    let batch = Array(state.waiting.prefix(batchCountMax))
    state.waiting.removeFirst(batch.count)
    return .leader(batch)
  }
}

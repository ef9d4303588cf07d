import StorageIO

/// Lets concurrent commits share one append and one sync (leader and followers, as in the write
/// groups of RocksDB and the group commit of databases before it).
///
/// Whoever finds no leader becomes it and processes everything queued at that moment; the others
/// wait, each for a signal of its own. There is no waiting for company: under load the queue fills
/// while the leader syncs. A leader that has done its batch hands over to the first of those who
/// came meanwhile. Thread-safe; with a single thread it degenerates to one request after the other.
final class CommitQueue<Request, Receipt: Sendable>: Sendable where Request: Sendable {
  /// A request on its way. Its owner is woken once: with a result, or without one to lead.
  private final class Ticket: @unchecked Sendable {
    let request: Request
    let signal = ThreadSignal()
    /// Written by the leader before it signals, read by the owner after.
    var result: Result<Receipt, any Error>?

    init(_ request: Request) { self.request = request }
  }

  private struct State {
    var waiting: [Ticket] = []
    var hasLeader = false
  }

  private let state = Monitor(State())
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
    let leadsAtOnce = state.withLock { state in
      state.waiting.append(ticket)
      defer { state.hasLeader = true }
      return !state.hasLeader
    }
    if !leadsAtOnce {
      ticket.signal.wait()
      if let result = ticket.result { return try result.get() }
    }
    return try lead(ticket, process)
  }

  private func lead(
    _ own: Ticket, _ process: ([Request]) -> [Result<Receipt, any Error>]
  ) throws -> Receipt {
    let batch = state.withLock { state in
      let batch = Array(state.waiting.prefix(batchCountMax))
      state.waiting.removeFirst(batch.count)
      return batch
    }
    precondition(batch.first === own, "the first in line leads")
    let results = process(batch.map(\.request))
    precondition(results.count == batch.count, "a result for each request")
    // The next leader first: the disk should not wait until all are told.
    let next = state.withLock { state in
      state.hasLeader = !state.waiting.isEmpty
      return state.waiting.first
    }
    next?.signal.signal()
    for (ticket, result) in zip(batch, results).dropFirst() {
      ticket.result = result
      ticket.signal.signal()
    }
    return try results[0].get()
  }
}

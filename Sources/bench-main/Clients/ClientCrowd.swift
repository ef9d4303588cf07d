import StorageBase
import Synchronization

/// The clients of a run as small state machines: each is idle or has one operation in flight, and
/// remembers what became due meanwhile. Thread-safe.
final class ClientCrowd: Sendable {
  private struct State {
    /// By client.
    var isBusy: [Bool]
    /// Operations that wait for the one before them, by client; most have none.
    var backlog: [Int: [ClientOperation]] = [:]
    var busyCount = 0
    var busyCountMax = 0
    var backlogCount = 0
  }

  private let state: Mutex<State>
  let count: Int

  init(count: Int) {
    self.count = count
    state = Mutex(State(isBusy: Array(repeating: false, count: count)))
  }

  var busyCount: Int { state.withLock { $0.busyCount } }
  var busyCountMax: Int { state.withLock { $0.busyCountMax } }
  /// Operations that are due and whose clients wait for an answer.
  var backlogCount: Int { state.withLock { $0.backlogCount } }

  /// An operation has become due.
  /// - Returns: whether its client may send it now; otherwise it will, once it is answered.
  func begin(_ operation: ClientOperation) -> Bool {
    state.withLock { state in
      guard !state.isBusy[operation.client] else {
        state.backlog[operation.client, default: []].append(operation)
        state.backlogCount += 1
        return false
      }
      state.isBusy[operation.client] = true
      state.busyCount += 1
      state.busyCountMax = max(state.busyCountMax, state.busyCount)
      return true
    }
  }

  /// A client has been answered.
  /// - Returns: what it sends next; nil when it has nothing to send.
  func end(_ client: Int) -> ClientOperation? {
    state.withLock { state in
      if var waiting = state.backlog[client] {
        let next = waiting.removeFirst()
        state.backlog[client] = waiting.isEmpty ? nil : waiting
        state.backlogCount -= 1
        return next
      }
      state.isBusy[client] = false
      state.busyCount -= 1
      return nil
    }
  }

  /// Clients give up what they have not sent yet.
  /// - Returns: how much that was.
  func dropBacklog() -> Int {
    state.withLock { state in
      defer {
        state.backlog.removeAll()
        state.backlogCount = 0
      }
      return state.backlogCount
    }
  }
}

import StorageBase
import Synchronization
import TabletModel

/// The transactions of an open store. Thread-safe; the rules are those of `TransactionBook`.
final class TransactionRegistry: Sendable {
  private struct State {
    var book: TransactionBook
    /// Whether the log has failed, so that it is unknown which transactions are on disk.
    var isFrozen = false
  }

  private let state: Mutex<State>
  private let clock: any TimeSource

  init(_ book: TransactionBook, clock: any TimeSource) {
    state = Mutex(State(book: book))
    self.clock = clock
  }

  var book: TransactionBook { state.withLock { $0.book } }

  subscript(id: TransactionID) -> Transaction? { state.withLock { $0.book[id] } }

  func withBook<Result>(_ body: (inout TransactionBook) throws -> Result) rethrows -> Result {
    try state.withLock { try body(&$0.book) }
  }

  /// Of those that have ended the ones before a place in `TransactionBook.everEnded`, oldest first,
  /// while others end: a few at a time, so that none of these waits for long.
  func ended(before end: Int) -> [Transaction] {
    var all: [Transaction] = []
    var next = withBook { $0.everEnded.lowerBound }
    while next < end {
      let last = min(end, next + Self.pieceCount)
      all += withBook { $0.ended(next..<last) }
      next = last
    }
    return all
  }

  private static let pieceCount = 256

  /// Enters what a durable group of commits has decided.
  func settle(_ group: CommitGroup) {
    guard !group.transactions.isEmpty || group.reservedEnd != nil else { return }
    state.withLock { state in
      for transaction in group.transactions.values.sorted(by: { $0.id < $1.id }) {
        state.book.put(transaction)
      }
      if let end = group.reservedEnd { state.book.reserve(below: end) }
    }
  }

  /// From now on nothing is taken for aborted because its sender went away: it may be on disk.
  func freeze() { state.withLock { $0.isFrozen = true } }

  /// Aborts a transaction whose rows were still arriving when its sender went away.
  /// - Returns: whether it is certain that its rows will never be visible.
  func abandon(_ id: TransactionID) -> Bool {
    state.withLock { state in
      guard !state.isFrozen else { return false }
      guard var transaction = state.book[id] else { return false }
      if transaction.state == .prepare {
        // Fits the state, as has just been asked.
        do { try transaction.abort(because: "its sender went away", at: clock.now()) } catch {}
        state.book.put(transaction)
      }
      return transaction.state == .aborted
    }
  }
}

import StorageBase
import StorageIO

/// When a client of a group load is answered (`group_commit` of Apache Doris).
public enum GroupLoadMode: Hashable, Sendable {
  /// Once its rows are in the log, durable as the table promises; they become visible with the next
  /// version, also after a restart.
  case async
  /// Once its rows are visible.
  case sync
}

/// The answer to a client whose rows go with those of others into one version.
public struct GroupLoadReceipt: Hashable, Sendable {
  /// The transaction that the rows are to be committed with. When it fails, or after a restart,
  /// rows of `async` mode go with a later one.
  public let transaction: TransactionID
  /// Made by the store; shared by all clients of the transaction.
  public let label: String
  /// The rows of the client; where keys are unique, also those that are not the newest of theirs.
  public let rowCount: Int
  public let isVisible: Bool
  public let durability: DurabilityPromise
}

/// The rows of one client in a group load. Thread-safe.
public final class GroupLoadTicket: Sendable {
  let table: TableID
  /// Of the visible rows, or why they will never be visible; nil while they wait.
  private let outcome = Monitor<Result<GroupLoadReceipt, any Error>?>(nil)

  init(table: TableID) { self.table = table }

  /// The receipt, once the rows are visible; nil before.
  /// - Throws: why they never will be: the load was refused.
  public func receipt() throws -> GroupLoadReceipt? { try outcome.withLock { $0 }?.get() }

  func settle(_ result: Result<GroupLoadReceipt, any Error>) {
    outcome.withLock { $0 = result }
    outcome.broadcast()
  }

  /// As `receipt`, after waiting for it at most so long.
  func receipt(atMost seconds: Double) throws -> GroupLoadReceipt? {
    let nanoseconds = UInt64(max(0, min(seconds, 1e9)) * 1e9)
    return try outcome.wait(atMost: nanoseconds) { $0 }?.get()
  }
}

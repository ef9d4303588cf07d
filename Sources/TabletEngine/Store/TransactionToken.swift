import StorageBase
import StorageIO
import Synchronization
import TabletModel

/// Held by all who work on one load: its builders, its prepared rows. When the last lets go before
/// the load was committed or pre-committed, it is aborted, and its files are removed. Thread-safe.
final class TransactionToken: Sendable {
  let id: TransactionID
  let label: String
  private let registry: TransactionRegistry
  private let files: any FileSystem
  private let paths = Mutex<[String]>([])

  init(_ transaction: Transaction, registry: TransactionRegistry, files: any FileSystem) {
    id = transaction.id
    label = transaction.label
    self.registry = registry
    self.files = files
  }

  deinit {
    guard registry.abandon(id) else { return }
    // A file that cannot be removed now is removed as an orphan when the store is next opened.
    for path in paths.withLock({ $0 }) { do { try files.remove(path) } catch {} }
  }

  /// - Throws: `TransactionError` when it has been aborted meanwhile, or has ended.
  func requireRunning() throws {
    guard let transaction = registry[id] else { throw TransactionError.notFound(id) }
    try transaction.requireRunning()
  }

  /// Remembers a file that is of no use without this load.
  func own(_ path: String) { paths.withLock { $0.append(path) } }
}

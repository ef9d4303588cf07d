import StorageBase
import Synchronization

/// The snapshots of a tablet that somebody holds, by the oldest version that can be read through
/// each: nothing that a reader of it could tell apart may be made one. Thread-safe.
final class SnapshotReaders: Sendable {
  private let counts = Mutex<[Version: Int]>([:])

  func enter(_ version: Version) { counts.withLock { $0[version, default: 0] += 1 } }

  func leave(_ version: Version) {
    counts.withLock { counts in
      guard let count = counts[version] else { preconditionFailure("who leaves has entered") }
      counts[version] = count == 1 ? nil : count - 1
    }
  }

  /// The oldest version that anybody can read; nil when there is no snapshot.
  var oldest: Version? { counts.withLock { $0.keys.min() } }
}

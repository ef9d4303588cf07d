import Synchronization

/// Log files that must stay although no rowset of the present catalogue lies in them. Thread-safe.
final class LogPins: Sendable {
  private let counts = Mutex<[UInt32: Int]>([:])

  /// Keeps log files until the result is released.
  func pin(_ logs: Set<UInt32>) -> LogPin {
    counts.withLock { counts in
      for log in logs { counts[log, default: 0] += 1 }
    }
    return LogPin(logs, of: self)
  }

  var pinned: Set<UInt32> { counts.withLock { Set($0.keys) } }

  fileprivate func release(_ logs: Set<UInt32>) {
    counts.withLock { counts in
      for log in logs {
        let rest = (counts[log] ?? 1) - 1
        counts[log] = rest == 0 ? nil : rest
      }
    }
  }
}

/// Held as long as its log files are to stay.
final class LogPin: Sendable {
  private let logs: Set<UInt32>
  private let owner: LogPins

  fileprivate init(_ logs: Set<UInt32>, of owner: LogPins) {
    self.logs = logs
    self.owner = owner
  }

  deinit { owner.release(logs) }
}

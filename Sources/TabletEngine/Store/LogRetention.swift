import StorageBase
import StorageIO

/// Decides which log and checkpoint files are still needed, and removes the others.
///
/// The newest checkpoint is kept and the one before it, each with the log files it needs, so that
/// one damaged file makes no store unreadable: recovery goes on from the older one.
struct LogRetention {
  /// A state that recovery can begin with.
  struct Basis: Hashable, Sendable {
    /// The first log file to replay, and the number of the checkpoint.
    let firstLog: UInt32
    /// Earlier log files that something in the state lies in.
    let earlierLogs: Set<UInt32>

    /// A log that goes back to the beginning needs no checkpoint.
    static let beginning = Basis(firstLog: 1, earlierLogs: [])

    init(firstLog: UInt32, earlierLogs: Set<UInt32>) {
      self.firstLog = firstLog
      self.earlierLogs = earlierLogs
    }

    init(_ checkpoint: Checkpoint) {
      self.init(firstLog: checkpoint.firstLog, earlierLogs: checkpoint.logFiles)
    }

    func needs(log: UInt32) -> Bool { log >= firstLog || earlierLogs.contains(log) }
  }

  /// The newest state that is durable.
  private(set) var newest: Basis

  /// Takes note of a durable checkpoint, and removes what neither it nor the one before needs.
  ///
  /// - Parameter pinned: log files that stay in any case.
  mutating func advance(
    to checkpoint: Checkpoint, pinned: Set<UInt32>, _ files: any FileSystem, _ layout: StoreLayout
  ) throws {
    let kept = [Basis(checkpoint), newest]
    newest = kept[0]
    for name in try files.listDirectory(layout.logDirectory) {
      guard let log = StoreLayout.number(in: name, suffix: ".log"), !pinned.contains(log),
        !kept.contains(where: { $0.needs(log: log) })
      else { continue }
      try files.remove(layout.log(log))
    }
    for name in try files.listDirectory(layout.checkpointDirectory) {
      let number = StoreLayout.number(in: name, suffix: ".ckpt")
      let isUnneeded = number.map { number in !kept.contains { $0.firstLog == number } }
      if isUnneeded ?? name.hasSuffix(".tmp") {
        try files.remove(layout.checkpointDirectory + "/" + name)
      }
    }
  }
}

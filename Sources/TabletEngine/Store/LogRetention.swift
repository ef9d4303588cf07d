import StorageBase
import StorageIO

/// Decides which log and checkpoint files are still needed, and removes the others.
struct LogRetention {
  let files: any FileSystem
  let layout: StoreLayout

  /// - Parameters:
  ///   - number: the newest durable checkpoint, which is also the first log file to replay.
  ///   - inlineLogs: log files that rowsets lie in.
  func removeUnneeded(checkpoint number: UInt32, inlineLogs: Set<UInt32>) throws {
    for name in try files.listDirectory(layout.logDirectory) {
      guard let log = StoreLayout.number(in: name, suffix: ".log"), log < number,
        !inlineLogs.contains(log)
      else { continue }
      try files.remove(layout.log(log))
    }
    for name in try files.listDirectory(layout.checkpointDirectory) {
      let old = StoreLayout.number(in: name, suffix: ".ckpt")
      let isTemporary = name.hasSuffix(".tmp")
      if isTemporary || old.map({ $0 < number }) == true {
        try files.remove(layout.checkpointDirectory + "/" + name)
      }
    }
  }
}

import StorageBase
import TabletModel

/// Where the log of a store cannot be read on, and what lies behind.
struct LogDamage {
  /// The log file, which may be missing.
  let file: UInt32
  /// Bytes of it that are sound; 0 when not even its header is.
  let validByteCount: UInt64
  /// The number the next frame gets.
  let nextFrame: UInt64
  /// The format of the sound part.
  let version: UInt32
  /// What is wrong, with the place.
  let cause: StorageError
  /// Later files; they cannot be read without what comes before them.
  var laterFiles: [UInt32] = []
  /// Loads in whole frames behind the damage.
  var lostLoads: [RepairReport.LostLoad] = []
  /// Transactions that wait for a decision again, since theirs is behind the damage.
  var lostDecisions: [TransactionID] = []
  /// Promised rows behind the damage that no load had made visible.
  var lostGroupRows: [GroupRowsRecord] = []
  /// Rows of these, as far as they can be read.
  var lostGroupRowCount = 0
  /// Changes behind the damage that only arrange rows which are still there, and fit.
  var keptRecords: [LogRecord] = []
}

/// What the files of a closed store say, as far as they can be read.
struct StoreSurvey {
  /// The damage; nil for a log that recovery reads to its end.
  var logDamage: LogDamage?
  /// Checkpoints that are not whole and newer than the one used.
  var damagedCheckpoints: [UInt32] = []
  /// The log file with a torn end, and how many bytes those are.
  var tornEnd: (file: UInt32, byteCount: Int)?
  /// Whether a rowset that checkpoint or log speak of lies in a log file that cannot be read.
  var hasLostInlineBytes = false
  /// Promised rows that cannot be read, and why.
  var damagedGroupRows: [(record: GroupRowsRecord, cause: StorageError)] = []
  /// Promised rows that can.
  var soundGroupRows: Set<GroupRowsRecord> = []
  /// Segment files that nothing refers to.
  var orphans: [String] = []
  /// The last load that is there.
  var commitSequence: UInt64 = 0
}

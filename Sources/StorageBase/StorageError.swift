/// What can go wrong while operating: the disk, the bytes on it, and what people asked for.
/// Programming errors trap instead. Every case carries the place, the figure and the limit, and
/// its description ends with what to do where something can be done.
public enum StorageError: Error, Hashable, Sendable {
  /// A system call failed. `code` is the errno value.
  case io(operation: String, path: String, code: Int32, message: String)
  /// No room left on the device (ENOSPC, EDQUOT).
  case noSpace(operation: String, path: String)
  /// Bytes on disk are not what was written. `what` names the structure.
  case corrupt(file: String, offset: UInt64, what: String, expected: String, found: String)
  /// A file of a newer format than this program reads.
  case unsupportedFormat(file: String, found: String, supported: String)
  /// A directory that no store was created in.
  case notAStore(path: String, reason: String)
  /// Another process has the store open.
  case storeLocked(path: String, holder: String)
  /// More versions on a tablet than the limit: compaction is behind (-235 of Apache Doris).
  case tooManyVersions(table: String, tablet: TabletID, count: Int, limit: Int)
  case invalidSchema(reason: String)
  /// Rows that do not fit the table they were sent to.
  case schemaMismatch(table: String, column: String, expected: String, found: String)
  /// A name that is not in the catalogue it was looked up in.
  case unknownName(kind: String, name: String, known: [String])
  case alreadyExists(kind: String, name: String)
  /// A value given by a person that is out of range or not understood.
  case invalidArgument(name: String, value: String, reason: String)
  /// A limit of `Limits` was met. `remedy` says what to do.
  case limitExceeded(what: String, value: Int, limit: Int, remedy: String)
  /// Something of a store is damaged where only a sound one will do; `problems` is not empty.
  case damaged(path: String, problems: [String], remedy: String)
  /// The log failed earlier, so nothing more can be acknowledged until the store is reopened.
  case storeFailed(path: String, cause: String)
}

extension StorageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .io(let operation, let path, let code, let message):
      return "cannot \(operation) \(path): \(message) (errno \(code))"
    case .noSpace(let operation, let path):
      return "cannot \(operation) \(path): no space left on the device; free some and retry"
    case .corrupt(let file, let offset, let what, let expected, let found):
      return
        "corrupt \(what) in \(file) at offset \(offset): expected \(expected), found \(found)"
    case .unsupportedFormat(let file, let found, let supported):
      return
        "\(file) has format \(found), this program reads \(supported): use a newer Sediment"
    case .notAStore(let path, let reason):
      return "\(path) is not a Sediment store: \(reason)"
    case .storeLocked(let path, let holder):
      return "\(path) is open in another process (\(holder)); stop it first"
    case .tooManyVersions(let table, let tablet, let count, let limit):
      return """
        tablet \(tablet) of table \(table) has \(count) versions, the limit is \(limit): \
        compaction is behind; load less often or in larger batches, or give compaction more room
        """
    case .invalidSchema(let reason): return "invalid schema: \(reason)"
    case .schemaMismatch(let table, let column, let expected, let found):
      return "table \(table), column \(column): expected \(expected), found \(found)"
    case .unknownName(let kind, let name, let known):
      return unknownNameMessage(kind: kind, name: name, known: known)
    case .alreadyExists(let kind, let name): return "\(kind) \(name) exists already"
    case .invalidArgument(let name, let value, let reason):
      return "\(name) \(value): \(reason)"
    case .limitExceeded(let what, let value, let limit, let remedy):
      return "\(what) is \(value), the limit is \(limit): \(remedy)"
    case .damaged(let path, let problems, let remedy):
      let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
      return "\(path) is damaged: \(problems.first ?? "")\(more); \(remedy)"
    case .storeFailed(let path, let cause):
      return "store \(path) stopped accepting loads after a failed write (\(cause)); reopen it"
    }
  }
}

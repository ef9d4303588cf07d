import StorageBase

/// A moment in the past of a store, in whose state a table can be read.
public enum Moment: Hashable, Sendable, CustomStringConvertible {
  /// After this commit (`CommitReceipt.sequence`), before the next.
  case sequence(UInt64)
  /// After the last commit stamped at or before this time.
  case time(Timestamp)

  public var description: String {
    switch self {
    case .sequence(let sequence): "version \(sequence)"
    case .time(let time): "time \(formatDatetime(time.rawValue))"
    }
  }
}

/// How the files of a store get to another directory.
public enum TransferMode: String, Hashable, Sendable {
  /// A second name for the same bytes (a hard link): takes no time and no room, but what damages
  /// the one damages the other. Files on another device are copied.
  case link
  /// Bytes of its own.
  case copy
}

/// How far a backup or a restore has come.
public struct BackupProgress: Hashable, Sendable {
  public var filesDone = 0
  public var filesTotal = 0
  /// Bytes of the files done and of the one at work.
  public var bytesDone = 0
  public var bytesTotal = 0
  /// Whether everything is there and is being read again.
  public var isVerifying = false
  /// Rowsets read again.
  public var rowsetsVerified = 0
  public var rowsetsTotal = 0
}

/// What a backup or a restore holds.
public struct BackupReport: Hashable, Sendable {
  /// The last load in it, in the order of all loads of the store.
  public var commitSequence: UInt64 = 0
  public var tables = 0
  public var tablets = 0
  public var rowsets = 0
  public var rows = 0
  public var linkedFiles = 0
  public var copiedFiles = 0
  public var copiedBytes = 0
  /// Of all its files, linked and copied.
  public var bytes = 0
}

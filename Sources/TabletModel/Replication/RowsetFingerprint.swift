import StorageBase

/// What tells the bytes of a file from others, in few of its own: equal ones are taken for equal
/// files. Errors of machines are what it is made for, not malice.
public struct FileFingerprint: Hashable, Sendable {
  public var byteCount: Int
  /// CRC32C of all bytes.
  public var checksum: UInt32
  /// Another hash of all bytes.
  public var hash: UInt64

  public init(byteCount: Int, checksum: UInt32, hash: UInt64) {
    self.byteCount = byteCount
    self.checksum = checksum
    self.hash = hash
  }
}

/// What tells an input of a compaction from others with the same versions.
public struct RowsetFingerprint: Hashable, Sendable {
  public var versions: VersionRange
  /// By segment.
  public var segments: [FileFingerprint]
  /// Of the rows that are deleted when the output ends; 0 for none.
  public var deletions: UInt64

  public init(versions: VersionRange, segments: [FileFingerprint], deletions: UInt64 = 0) {
    self.versions = versions
    self.segments = segments
    self.deletions = deletions
  }
}

/// What some rows come to, whatever their order and however they are stored.
public struct RowDigest: Hashable, Sendable {
  public var rowCount: Int
  /// The sum of a hash of each row.
  public var sum: UInt64

  public init(rowCount: Int = 0, sum: UInt64 = 0) {
    self.rowCount = rowCount
    self.sum = sum
  }

  public static func + (a: RowDigest, b: RowDigest) -> RowDigest {
    RowDigest(rowCount: a.rowCount + b.rowCount, sum: a.sum &+ b.sum)
  }
}

/// How far the rows of a partition have been read: from here on they are read again, and none
/// before it.
public struct SourcePosition: Hashable, Sendable {
  /// What comes next; the source says what it counts: rows, or bytes.
  public var offset: UInt64
  /// Rows before it, from the beginning of the partition.
  public var rowCount: UInt64
  /// Of what lies before the offset, as far as the source can tell, so that a partition that was
  /// replaced by another of the same name is noticed; 0 where there is nothing to tell.
  public var digest: UInt64

  public init(offset: UInt64 = 0, rowCount: UInt64 = 0, digest: UInt64 = 0) {
    self.offset = offset
    self.rowCount = rowCount
    self.digest = digest
  }

  /// The beginning of a partition.
  public static let start = SourcePosition()
}

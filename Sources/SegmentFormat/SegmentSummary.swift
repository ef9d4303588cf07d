import StorageBase

/// What a writer wrote.
public struct SegmentSummary: Hashable, Sendable {
  public struct ColumnSummary: Hashable, Sendable {
    public var id: ColumnID
    /// Bytes of the values in memory.
    public var rawByteCount: Int
    /// Bytes after encoding, before compression.
    public var encodedByteCount: Int
    /// Bytes in the file: pages and directory.
    public var storedByteCount: Int
  }

  public var rowCount: Int
  /// Bytes of the file.
  public var byteCount: Int
  /// Bytes of the values in memory: the widths of fixed-width values, strings with four bytes for
  /// each offset.
  public var rawByteCount: Int
  public var columns: [ColumnSummary]
}

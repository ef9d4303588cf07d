import StorageBase

/// The answer to a query, small enough to hold: rows of values.
public struct QueryResult: Sendable {
  public struct Column: Hashable, Sendable {
    public let name: String
    public let type: DataType

    public init(name: String, type: DataType) {
      self.name = name
      self.type = type
    }
  }

  public let columns: [Column]
  /// One value per column each.
  public let rows: [[Value]]
  public let work: ScanWork
  /// Bytes that the values of distinct counts took in the end; other threads held parts of them
  /// once more.
  public let distinctByteCount: Int

  public init(
    columns: [Column], rows: [[Value]], work: ScanWork = ScanWork(), distinctByteCount: Int = 0
  ) {
    self.columns = columns
    self.rows = rows
    self.work = work
    self.distinctByteCount = distinctByteCount
  }
}

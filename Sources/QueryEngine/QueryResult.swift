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

  public init(columns: [Column], rows: [[Value]], work: ScanWork = ScanWork()) {
    self.columns = columns
    self.rows = rows
    self.work = work
  }
}

import ScanKernels

/// Rows that were read, and which of the columns each of them names.
public struct InputRows: Sendable {
  public let batch: ColumnBatch
  /// By column, the rows that name it; nil for all rows. What a row does not name is null or the
  /// default of the column in `batch`.
  public let given: [Bitmap?]

  /// The same, but empty where all rows name all columns.
  public var givenColumns: [Bitmap?] { given.contains { $0 != nil } ? given : [] }

  /// - Parameter given: nil when all rows name all columns.
  public init(_ batch: ColumnBatch, given: [Bitmap?]? = nil) {
    precondition(given.map { $0.count == batch.columns.count } ?? true)
    self.batch = batch
    self.given = given ?? [Bitmap?](repeating: nil, count: batch.columns.count)
  }
}

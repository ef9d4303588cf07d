import ScanKernels

/// What has changed in the table of results. Deletions come first: a session that has grown towards
/// the past has a new start, under which its row is put.
public struct WindowOutput: Sendable {
  /// Rows of the plan's `outputSchema`, in no particular order, each key once; nil for none.
  public let upserts: ColumnBatch?
  /// Rows of the plan's `keySchema`; nil for none.
  public let deletes: ColumnBatch?

  public var isEmpty: Bool { upserts == nil && deletes == nil }
}

import ScanKernels
import StorageBase

/// Where one writer gets its rows from. Not thread-safe: each writer makes its own from a
/// `BatchSourceFactory`.
public protocol BatchSource: AnyObject {
  /// Of every batch.
  var schema: Schema { get }

  /// The next rows, not sorted; nil when there are no more.
  ///
  /// A batch has exactly `maxRows` rows, except that the last may have fewer (and so may one of
  /// very long strings, see `FileReader`).
  /// - Precondition: `maxRows` is positive.
  /// - Throws: `StorageError` for input that cannot be read or understood.
  func nextBatch(maxRows: Int) throws -> ColumnBatch?

  /// The same with the columns that each row names; where nothing is said of that, all of them.
  func nextRows(maxRows: Int) throws -> InputRows?
}

extension BatchSource {
  public func nextRows(maxRows: Int) throws -> InputRows? {
    try nextBatch(maxRows: maxRows).map { InputRows($0) }
  }
}

/// What the writers of one load share: makes a source for each of them. Thread-safe.
public protocol BatchSourceFactory: Sendable {
  var schema: Schema { get }

  /// - Parameters:
  ///   - writer: 0..<writerCount; used once each.
  ///   - writerCount: how many share the work.
  func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource
}

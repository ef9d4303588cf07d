import StorageBase
import Synchronization

/// The malformed rows of a file, which are passed over until there are too many. Thread-safe.
final class UnreadableRows: Sendable {
  private let path: String
  private let maxErrors: Int
  private let handler: FileSource.UnreadableRowHandler?
  private let rows = Mutex<[RowProblem]>([])

  init(path: String, maxErrors: Int, handler: FileSource.UnreadableRowHandler?) {
    self.path = path
    self.maxErrors = maxErrors
    self.handler = handler
  }

  /// In the order they were met.
  var all: [RowProblem] { rows.withLock { $0 } }

  /// - Parameter text: the row.
  /// - Throws: the problem, when there were more than `maxErrors`.
  func reject(
    _ row: UnreadableRow, line: Int, byteOffset: UInt64, text: UnsafeRawBufferPointer
  ) throws {
    let problem = RowProblem(
      file: path, line: line, byteOffset: byteOffset, column: row.column, value: row.value,
      reason: row.reason)
    try rows.withLock { rows in
      guard rows.count < maxErrors else { throw problem.error }
      rows.append(problem)
    }
    try handler?(problem, text)
  }
}

import ScanKernels
import StorageBase

/// How the rows of one input lie in its text: everything that can be decided before they are read.
protocol RowLayout: Sendable {
  var schema: Schema { get }

  func makeReader() -> any RowReader
}

/// Parses rows of one format into columns. Not thread-safe.
///
/// It is given whole rows of bytes with `begin`, reads them with `read` in pieces, and hands out
/// what was read with `finish`: rows of several stretches of bytes may go into one batch.
protocol RowReader: AnyObject {
  /// Goes on with these bytes, which start at the start of a row, end at the end of one, and stay
  /// until all of them are read.
  func begin(_ bytes: UnsafeRawBufferPointer)

  /// Whether all rows of the bytes were read.
  var isAtEnd: Bool { get }

  /// Rows since the last `finish`, without those rejected.
  var rowCount: Int { get }

  /// The bytes of all rows since the last `finish`.
  var byteCount: Int { get }

  /// Reads one or more of the rows that follow, at most `maxRows`; all of them may be rejected.
  /// - Precondition: it is not at the end.
  func read(maxRows: Int)

  /// The rows rejected since this was asked the last time, ascending.
  func takeRejected() -> [UnreadableRow]

  /// The rows since the last time; nil when there are none.
  func finish() -> InputRows?
}

extension InputMapping {
  /// - Parameters:
  ///   - header: the names of the fields, for delimited text that has a header.
  ///   - path: names the input in errors.
  func layout(header: [String], path: String) throws -> any RowLayout {
    if let json { return try JSONLayout(self, json) }
    return try CSVLayout(self, fields: header, path: path)
  }
}

/// A row among bytes that cannot be taken, and why.
public struct UnreadableRow: Hashable, Sendable {
  /// Where the row lies in the bytes, without the line end.
  public let bytes: Range<Int>
  /// Nil when the row as a whole is at fault.
  public let column: String?
  /// The field, cut to 40 characters; nil when the row as a whole is at fault.
  public let value: String?
  public let reason: String
}

/// What is wrong with a row, without its place.
struct RowFault: Error {
  let reason: String
  let column: String?
  let value: String?

  func rejection(of bytes: Range<Int>) -> UnreadableRow {
    UnreadableRow(bytes: bytes, column: column, value: value, reason: reason)
  }
}

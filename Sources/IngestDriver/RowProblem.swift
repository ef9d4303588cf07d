import StorageBase

/// A row of a text file that cannot be taken, and why.
public struct RowProblem: Hashable, Sendable {
  public let file: String
  /// Of the row's first byte; the file's first line is 1, and a line feed inside a quoted field
  /// counts like any other.
  public let line: Int
  /// Of the row's first byte; the file's first is 0.
  public let byteOffset: UInt64
  /// Nil when the row as a whole is at fault.
  public let column: String?
  /// The field, cut to 40 characters; nil when the row as a whole is at fault.
  public let value: String?
  public let reason: String

  /// The problem as an error to throw.
  public var error: StorageError {
    let place = "\(file) line \(line)" + (column.map { ", column \($0)" } ?? "")
    return .invalidArgument(
      name: place, value: value.map { "\"\($0)\"" } ?? "(whole row)",
      reason: "\(reason) (the row begins at byte \(byteOffset))")
  }

  static let valueCharacterCountMax = 40

  static func shown(_ bytes: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: bytes.prefix(valueCharacterCountMax * 4), as: UTF8.self)
    let isCut = text.count > valueCharacterCountMax || bytes.count > valueCharacterCountMax * 4
    return text.prefix(valueCharacterCountMax) + (isCut ? "..." : "")
  }
}

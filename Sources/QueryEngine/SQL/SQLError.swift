/// What is wrong with a statement, and where.
public struct SQLError: Error, Hashable, Sendable {
  /// From 1.
  public let line: Int
  /// In characters from 1.
  public let column: Int
  public let reason: String

  /// - Parameter offset: of the place in the UTF-8 bytes of the text.
  init(_ reason: String, at offset: Int, of text: String) {
    let before = Array(text.utf8.prefix(offset))
    let lines = before.split(separator: 0x0A, omittingEmptySubsequences: false)
    line = lines.count
    column = String(decoding: lines.last ?? [], as: UTF8.self).count + 1
    self.reason = reason
  }
}

extension SQLError: CustomStringConvertible {
  public var description: String { "SQL, line \(line), column \(column): \(reason)" }
}

/// A file of results as text: a header and rows of as many fields. For the files this package
/// writes; rows of input are read by faster means.
public struct CSVTable: Hashable, Sendable {
  public let header: [String]
  public private(set) var rows: [[String]]

  public init(header: [String], rows: [[String]] = []) {
    precondition(rows.allSatisfy { $0.count == header.count }, "a row has a field per column")
    self.header = header
    self.rows = rows
  }

  /// Reads RFC 4180 with any line end. A last line that was not finished, as a killed program
  /// leaves it, and lines with another number of fields are left out.
  public init(text: String) {
    var lines = Self.split(text)
    header = lines.isEmpty ? [] : lines.removeFirst()
    rows = lines.filter { [header] in $0.count == header.count }
  }

  public mutating func append(_ row: [String]) {
    precondition(row.count == header.count, "a row has a field per column")
    rows.append(row)
  }

  /// Where a column is; nil if there is none of this name.
  public func place(of column: String) -> Int? { header.firstIndex(of: column) }

  /// A field; empty if there is no such column.
  public func field(_ column: String, of row: [String]) -> String {
    place(of: column).map { row[$0] } ?? ""
  }

  /// A field as a number; nil if it is empty or none.
  public func number(_ column: String, of row: [String]) -> Double? {
    Double(field(column, of: row)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The file, each line ended by a line feed.
  public var text: String {
    ([header] + rows).reduce(into: "") { $0 += csvLine($1) + csvLineEnd }
  }

  /// The complete lines, as fields.
  private static func split(_ text: String) -> [[String]] {
    var lines: [[String]] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var last: UInt8 = 0
    for byte in text.utf8 {
      defer { last = byte }
      if isQuoted {
        if byte == UInt8(ascii: "\"") { isQuoted = false } else { field.append(byte) }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        // A quote that follows one stands for itself.
        if last == byte { field.append(byte) }
        isQuoted = true
      case UInt8(ascii: ","), 0x0A:
        if byte == 0x0A, last == 0x0D { field.removeLast() }
        fields.append(String(decoding: field, as: UTF8.self))
        field = []
        guard byte == 0x0A else { continue }
        lines.append(fields)
        fields = []
      default: field.append(byte)
      }
    }
    return lines
  }
}

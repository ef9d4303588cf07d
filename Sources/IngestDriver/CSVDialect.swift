/// How rows lie in a text file: RFC 4180 by default.
public struct CSVDialect: Hashable, Sendable {
  /// An ASCII character other than the quote and the line ends.
  public var delimiter: UInt8
  /// Encloses fields that hold delimiters, line ends or (doubled) quotes; nil where quotes are
  /// ordinary characters, as in the `.tbl` files of TPC-H.
  public var quote: UInt8?
  /// Whether the first row names the columns.
  public var hasHeader: Bool
  /// Whether each row ends with one more delimiter, as in the `.tbl` files of TPC-H.
  public var hasTrailingDelimiter: Bool
  /// The unquoted field that means null in a nullable column.
  public var nullToken: String

  public init(
    delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8? = UInt8(ascii: "\""),
    hasHeader: Bool = true, hasTrailingDelimiter: Bool = false, nullToken: String = ""
  ) {
    self.delimiter = delimiter
    self.quote = quote
    self.hasHeader = hasHeader
    self.hasTrailingDelimiter = hasTrailingDelimiter
    self.nullToken = nullToken
  }

  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
}

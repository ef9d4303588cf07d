import StorageBase

extension QueryResult {
  /// The result as CSV (RFC 4180) with a header row and CRLF line ends. A null is an empty field,
  /// an empty string a quoted one.
  public var csv: String {
    var text = columns.map { Self.csvField($0.name) }.joined(separator: ",") + "\r\n"
    for row in rows {
      let fields = zip(columns, row).map { column, value in
        value.isNull ? "" : Self.csvField(column.type.format(value))
      }
      text += fields.joined(separator: ",") + "\r\n"
    }
    return text
  }

  private static func csvField(_ text: String) -> String {
    let special = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    guard special || text.isEmpty else { return text }
    let quoted = text.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"")
    return "\"\(quoted)\""
  }
}

import StorageBase

extension InputMapping {
  /// What the fields are called by the header that a text begins with, and how many bytes it has
  /// with its line end; none where the mapping says that there is no header.
  /// - Parameters:
  ///   - text: from the beginning of the input; a byte order mark counts as a part of the header.
  ///   - path: names the input in errors.
  /// - Throws: `StorageError.invalidArgument` for a malformed header.
  public func header(
    of text: UnsafeRawBufferPointer, path: String
  ) throws -> (fields: [String], byteCount: Int) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let start = text.starts(with: mark) ? mark.count : 0
    guard json == nil, dialect.hasHeader else { return ([], start) }
    let rest = UnsafeRawBufferPointer(rebasing: text[start...])
    let (fields, byteCount) = try CSVHeader.fields(of: rest, dialect: dialect, path: path)
    return (fields, start + byteCount)
  }
}

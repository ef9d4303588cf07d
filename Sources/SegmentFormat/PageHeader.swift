import StorageBase

/// The beginning of a page: everything before its payload (see FORMAT.md).
struct PageHeader: Hashable, Sendable {
  private static let hasNullsFlag: UInt8 = 0x10
  private static let compressionMask: UInt8 = 0x0F

  var encoding: PageEncoding
  var compression: PageCompression
  var hasNulls: Bool
  var rowCount: Int
  /// Of the payload, before compression.
  var rawByteCount: Int

  /// The header without the checksum before it.
  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(encoding.rawValue)
    writer.append(compression.rawValue | (hasNulls ? Self.hasNullsFlag : 0))
    writer.appendVarint(UInt64(rowCount))
    writer.appendVarint(UInt64(rawByteCount))
    return writer.bytes
  }

  /// Reads the header after the checksum.
  static func decode(from reader: inout ByteReader) throws -> PageHeader {
    let encodingByte = try reader.read(UInt8.self, "page encoding")
    guard let encoding = PageEncoding(rawValue: encodingByte) else {
      throw reader.corrupt("page encoding", expected: "1 to 4", found: "\(encodingByte)")
    }
    let flags = try reader.read(UInt8.self, "page flags")
    guard let compression = PageCompression(rawValue: flags & compressionMask),
      flags & ~(compressionMask | hasNullsFlag) == 0
    else {
      throw reader.corrupt("page flags", expected: "a known compression", found: "\(flags)")
    }
    let rowCount = try reader.readCount("page rows", atMost: Limits.pageRowCountMax)
    let rawByteCount = try reader.readCount("page bytes", atMost: Limits.pageByteCountMax)
    return PageHeader(
      encoding: encoding, compression: compression, hasNulls: flags & hasNullsFlag != 0,
      rowCount: rowCount, rawByteCount: rawByteCount)
  }
}

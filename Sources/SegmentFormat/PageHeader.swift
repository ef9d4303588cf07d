import ScanKernels
import StorageBase

/// The head of a page, before its payload.
struct PageHeader: Hashable {
  var encoding: PageEncoding
  var compression: PageCompression
  var hasNulls: Bool
  var rowCount: Int
  /// Bytes of the payload before compression.
  var rawByteCount: Int

  fileprivate static let compressionMask: UInt8 = 0x0F
  fileprivate static let hasNullsBit: UInt8 = 0x10

  /// Appends the page to `out` with its checksum.
  func append(payload: UnsafeRawBufferPointer, to out: ByteBuffer) -> Int {
    let start = out.count
    out.append(UInt32(0))
    out.append(encoding.rawValue)
    out.append(compression.rawValue | (hasNulls ? Self.hasNullsBit : 0))
    out.appendVarint(rowCount)
    out.appendVarint(rawByteCount)
    out.append(payload)
    let body = UnsafeRawBufferPointer(rebasing: out.bytes[(start + 4)...])
    let checksum = crc32c(body)
    (out.base + start).storeBytes(of: checksum.littleEndian, as: UInt32.self)
    return out.count - start
  }

}

extension PageHeader {
  /// Reads the head; `reader` is left at the payload. The checksum is not looked at.
  init(decoding reader: inout ByteReader, rowCount expectedRows: Int) throws {
    _ = try reader.read(UInt32.self, "page checksum")
    let code = try reader.read(UInt8.self, "page encoding")
    guard let encoding = PageEncoding(rawValue: code) else {
      throw reader.corrupt(
        "page encoding", expected: "1...\(PageEncoding.allCases.count)", found: "\(code)")
    }
    let flags = try reader.read(UInt8.self, "page flags")
    guard flags & ~(Self.compressionMask | Self.hasNullsBit) == 0,
      let compression = PageCompression(rawValue: flags & Self.compressionMask)
    else { throw reader.corrupt("page flags", expected: "known bits", found: "\(flags)") }
    let rows = try reader.readCount("page row count", atMost: Limits.pageRowCountMax)
    guard rows == expectedRows else {
      throw reader.corrupt("page row count", expected: "\(expectedRows)", found: "\(rows)")
    }
    let rawByteCount = try reader.readCount(
      "page payload length", atMost: Limits.pageByteCountMax)
    guard compression != .none || rawByteCount == reader.remaining else {
      throw reader.corrupt(
        "page payload length", expected: "\(reader.remaining)", found: "\(rawByteCount)")
    }
    self.encoding = encoding
    self.compression = compression
    hasNulls = flags & Self.hasNullsBit != 0
    self.rowCount = rows
    self.rawByteCount = rawByteCount
  }
}

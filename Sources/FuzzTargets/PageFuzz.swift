import SegmentFormat
import StorageBase
import StorageIO

/// Puts bytes as the only page into a segment of one column, so that nothing but the page's own
/// bytes decides what the decoder does.
///
/// The first byte chooses the type, the second the rows; the rest is the page behind its checksum:
/// encoding, flags, row count, raw length, payload.
enum PageFuzz {
  /// Codes of the segment format; the decimals are of 8 and of 16 bytes.
  private static let types: [[UInt8]] = [
    [1], [2], [3], [4], [5], [6], [7], [8, 12, 2], [8, 38, 10], [9], [10], [11],
  ]

  static func run(_ input: [UInt8]) throws {
    guard input.count > 2, input.count <= 1 << 18 else { return }
    let type = types[Int(input[0]) % types.count]
    let rowCount = UInt64(input[1]) * 8 + 1
    var page = [UInt8](repeating: 0, count: 4) + input[2...]
    if page.count < 8 { page += [UInt8](repeating: 0, count: 8 - page.count) }
    SegmentFuzz.seal(&page, 4..<page.count, at: 0)
    let bytes = segment(page: page, type: type, rowCount: rowCount)
    try SegmentFuzz.readAll(SegmentReader(file: MemoryFile(path: "fuzz.seg", bytes: bytes)))
  }

  /// As FORMAT.md says; the zone map is that of a column of nulls.
  private static func segment(page: [UInt8], type: [UInt8], rowCount: UInt64) -> [UInt8] {
    let magic: [UInt8] = [0x53, 0x44, 0x53, 0x47]
    var footer = ByteWriter()
    footer.appendVarint(rowCount)
    footer.appendVarint(1 << 16)
    footer.append(UInt8(1))
    footer.appendVarint(1)
    footer.appendVarint(1)
    footer.appendVarint(1)
    footer.append(contentsOf: type)
    footer.append(UInt8(1))
    footer.append("c")
    footer.appendVarint(0)
    footer.appendVarint(UInt64(page.count))
    footer.appendVarint(0)
    footer.appendVarint(rowCount)
    footer.appendVarint(0)
    let length = UInt32(footer.count)
    footer.append(length)
    footer.append(UInt32(0))
    footer.append(contentsOf: [1, 0, 0, 0])
    footer.appendChecksum()
    return magic + page + footer.bytes + magic
  }
}

import ScanKernels
import StorageBase

/// The strings that the pages of a column have codes for: the dictionary of FORMAT.md.
enum DictionaryBlock {
  static let sortedBit: UInt8 = 1

  /// - Parameter content: the block without its checksum, which has been verified.
  static func read(
    _ content: UnsafeRawBufferPointer, file: String, offset: UInt64
  ) throws -> StringTable {
    var reader = ByteReader(content, file: file, origin: offset)
    let flags = try reader.read(UInt8.self, "dictionary flags")
    guard flags & ~sortedBit == 0 else {
      throw reader.corrupt("dictionary flags", expected: "known bits", found: "\(flags)")
    }
    let encoding = PageEncoding(rawValue: try reader.read(UInt8.self, "dictionary encoding"))
    let count = try reader.readCount("dictionary entry count", atMost: Limits.segmentRowCountMax)
    // A length takes no bits when all are equal, so the count is bounded by the bytes only then.
    guard count >= 1, count <= max(1, reader.remaining) * 8 else {
      throw reader.corrupt(
        "dictionary entry count", expected: "1...\(reader.remaining * 8)", found: "\(count)")
    }
    let table: StringTable
    switch encoding {
    case .plain: table = try StringBlock.read(&reader, count: count)
    case .symbols: table = try SymbolBlock.read(&reader, count: count)
    default:
      throw reader.corrupt("dictionary encoding", expected: "plain or symbols", found: "another")
    }
    try reader.requireEnd("dictionary")
    if flags & sortedBit != 0 { try requireOrder(of: table, reader) }
    return table
  }

  private static func requireOrder(of table: StringTable, _ reader: ByteReader) throws {
    for code in 1..<max(1, table.count) where compareBytes(table[code - 1], table[code]) >= 0 {
      throw reader.corrupt(
        "dictionary", expected: "ascending strings",
        found: "string \(code) not above the one before")
    }
  }
}

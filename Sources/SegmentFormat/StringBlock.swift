import ScanKernels
import StorageBase

/// Strings as packed lengths followed by their bytes: the string block of FORMAT.md.
enum StringBlock {
  /// Appends all of the block but the bytes of the strings.
  static func appendLengths(
    _ lengths: UnsafePointer<UInt32>, count: Int, to out: ByteBuffer
  ) {
    var least = UInt32.max
    var greatest: UInt32 = 0
    for index in 0..<count {
      least = min(least, lengths[index])
      greatest = max(greatest, lengths[index])
    }
    PackedNumbers.appendFromLeast(
      lengths, count: count, least: least, greatest: greatest, to: out)
  }

  static func read(_ reader: inout ByteReader, count: Int) throws -> StringTable {
    let (offsets, total) = try readOffsets(&reader, count: count)
    guard total <= UInt64(reader.remaining) else {
      throw reader.corrupt(
        "string bytes", expected: "\(total)", found: "\(reader.remaining) bytes left")
    }
    let bytes = try reader.readBytes(Int(total), "string bytes")
    return StringTable(count: count, offsets: offsets, bytes: .copy(of: bytes))
  }

  /// The lengths as offsets, and their sum. The offsets are those of the strings only when the sum
  /// is that of the bytes there are, which the caller checks.
  static func readOffsets(
    _ reader: inout ByteReader, count: Int
  ) throws -> (offsets: AlignedBuffer, total: UInt64) {
    let width = try reader.read(UInt8.self, "string length width")
    let least = try reader.read(UInt32.self, "least string length")
    let offsets = AlignedBuffer(byteCount: (count + 1) * 4)
    let ends = offsets.mutableValues(as: UInt32.self)
    ends[0] = 0
    if count > 0 {
      try PackedNumbers.read(
        &reader, count: count, least: least, width: width, into: ends.baseAddress! + 1,
        "string lengths")
    }
    var total: UInt64 = 0
    for index in 1..<(count + 1) {
      total &+= UInt64(ends[index])
      ends[index] = UInt32(truncatingIfNeeded: total)
    }
    return (offsets, total)
  }
}

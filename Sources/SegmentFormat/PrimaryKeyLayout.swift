import ScanKernels

/// The fixed numbers of the primary keys of a segment; FORMAT.md gives their meaning. The first
/// four are persistent.
enum PrimaryKeyLayout {
  /// Entries from one that stands for itself to the next.
  static let restartInterval = 16
  /// The lengths from which on a varint follows the byte of an entry.
  static let longLength = 15
  /// Bytes of entries from which on their places take four bytes.
  static let wideEntriesByteCount = 1 << 16
  static let hasSequencesBit: UInt8 = 1
  /// A page is ended once its entries have so many bytes.
  static let pageByteCountTarget = 8 << 10
  /// The shortest page: an empty prefix, one empty entry, its head and place, checksum.
  static let pageByteCountMin = 13

  /// The first four bytes as a number that orders like them.
  @inline(__always) static func head(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt32 {
    if count >= 4 { return UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) }
    var head: UInt32 = 0
    for index in 0..<count {
      head |= UInt32(bytes.load(fromByteOffset: index, as: UInt8.self)) &<< UInt32(24 &- 8 &* index)
    }
    return head
  }

  /// How many bytes two strings, of so many bytes or more, begin alike with.
  @inline(__always)
  static func sharedByteCount(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, atMost count: Int
  ) -> Int {
    var offset = 0
    while count &- offset >= 8 {
      let difference =
        a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        ^ b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      if difference != 0 { return offset &+ difference.trailingZeroBitCount &>> 3 }
      offset &+= 8
    }
    while offset < count,
      a.load(fromByteOffset: offset, as: UInt8.self)
        == b.load(fromByteOffset: offset, as: UInt8.self)
    { offset &+= 1 }
    return offset
  }
}

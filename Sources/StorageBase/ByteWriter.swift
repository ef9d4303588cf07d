/// Builds little-endian byte strings for headers, directories and log records. Bulk column data
/// goes through buffers instead.
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var count: Int { bytes.count }

  public mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func append(_ value: Double) { append(value.bitPattern) }

  public mutating func append(contentsOf other: [UInt8]) { bytes.append(contentsOf: other) }

  public mutating func append(contentsOf other: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: other)
  }

  /// Seven bits a byte, low ones first; 1 to 10 bytes.
  public mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Its length as a varint, then its UTF-8 bytes.
  public mutating func append(_ text: String) {
    appendVarint(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// Forgets what was appended from `count` on, and keeps the memory.
  public mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

  /// Puts a number in the place of bytes that are there.
  public mutating func overwrite<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }
  }

  /// The CRC32C of everything so far, as four bytes.
  public mutating func appendChecksum() {
    let checksum = bytes.withUnsafeBytes { crc32c($0) }
    append(checksum)
  }
}

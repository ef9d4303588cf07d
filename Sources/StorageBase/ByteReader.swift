/// Reads what `ByteWriter` wrote, from bytes that may be hostile: it never reads outside them and
/// never traps.
///
/// Every error is `StorageError.corrupt` with `file` and the offset of the failing field, which is
/// `origin` plus the position. The bytes must outlive the reader.
public struct ByteReader {
  @usableFromInline let bytes: UnsafeRawBufferPointer
  private let file: String
  private let origin: UInt64
  /// How many bytes have been read.
  @inlinable public var position: Int { place }
  @usableFromInline var place = 0

  public init(_ bytes: UnsafeRawBufferPointer, file: String, origin: UInt64 = 0) {
    self.bytes = bytes
    self.file = file
    self.origin = origin
  }

  @inlinable public var remaining: Int { bytes.count - position }

  /// The offset in the file of the next byte; the greatest number if that would be beyond it, since
  /// `origin` may come from hostile bytes.
  public var offset: UInt64 {
    let (sum, isOverflow) = origin.addingReportingOverflow(UInt64(position))
    return isOverflow ? .max : sum
  }

  /// An error at the current place.
  public func corrupt(_ what: String, expected: String, found: String) -> StorageError {
    .corrupt(file: file, offset: offset, what: what, expected: expected, found: found)
  }

  @inlinable func require(_ count: Int, _ what: String) throws {
    guard count >= 0, count <= remaining else { throw tooShort(count, what) }
  }

  @inline(never) @usableFromInline func tooShort(_ count: Int, _ what: String) -> StorageError {
    corrupt(what, expected: "\(count) bytes", found: "\(remaining) bytes left")
  }

  @inlinable public mutating func read<T: FixedWidthInteger>(_ type: T.Type, _ what: String) throws
    -> T
  {
    try require(MemoryLayout<T>.size, what)
    let value = bytes.loadUnaligned(fromByteOffset: position, as: T.self)
    place += MemoryLayout<T>.size
    return T(littleEndian: value)
  }

  public mutating func readDouble(_ what: String) throws -> Double {
    Double(bitPattern: try read(UInt64.self, what))
  }

  @inlinable public mutating func readVarint(_ what: String) throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift <= 63 {
      let byte = try read(UInt8.self, what)
      if shift == 63 && byte > 1 { break }
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw corrupt(what, expected: "a varint of at most 64 bits", found: "a longer one")
  }

  /// A varint that must be at most `limit`, so that it can size an allocation.
  @inlinable public mutating func readCount(_ what: String, atMost limit: Int) throws -> Int {
    let value = try readVarint(what)
    guard value <= UInt64(limit) else {
      throw corrupt(what, expected: "at most \(limit)", found: "\(value)")
    }
    return Int(value)
  }

  @inlinable public mutating func readBytes(_ count: Int, _ what: String) throws
    -> UnsafeRawBufferPointer
  {
    try require(count, what)
    defer { place += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  public mutating func readString(_ what: String, atMost limit: Int) throws -> String {
    let count = try readCount(what, atMost: limit)
    let text = try readBytes(count, what)
    guard let string = String(validating: text, as: UTF8.self) else {
      throw corrupt(what, expected: "UTF-8", found: "\(count) other bytes")
    }
    return string
  }

  /// Reads four bytes and compares them with the CRC32C of everything read before.
  public mutating func verifyChecksum(_ what: String) throws {
    let expected = crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<position]))
    let checksum = self
    let found = try read(UInt32.self, what)
    guard found == expected else {
      throw checksum.corrupt(
        "\(what) checksum", expected: hex(found), found: "\(hex(expected)) over its bytes")
    }
  }

  public func requireEnd(_ what: String) throws {
    guard remaining == 0 else {
      throw corrupt(what, expected: "its end", found: "\(remaining) more bytes")
    }
  }
}

/// `0x` and eight hexadecimal digits.
public func hex(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}

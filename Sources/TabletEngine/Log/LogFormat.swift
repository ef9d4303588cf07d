import StorageBase

/// The fixed parts of a log file (see FORMAT.md).
enum LogFormat {
  static let magic: [UInt8] = Array("SEDLOG\0\0".utf8)
  static let version: UInt32 = 1
  static let headerByteCount = 32
  static let frameMagic: UInt32 = 0x4D52_4653
  static let frameHeaderByteCount = 20

  static func header(storeID: UInt64, number: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(contentsOf: magic)
    writer.append(version)
    writer.append(UInt32(0))
    writer.append(storeID)
    writer.append(number)
    writer.appendChecksum()
    return writer.bytes
  }

  /// A frame around `payload`, ready to append.
  static func frame(number: UInt64, payload: ByteWriter) -> [UInt8] {
    var checked = ByteWriter()
    checked.append(UInt32(payload.count))
    checked.append(number)
    let head = checked.bytes.withUnsafeBytes { crc32c($0) }
    let checksum = payload.bytes.withUnsafeBytes { crc32c($0, seed: head) }
    var frame = ByteWriter()
    frame.append(frameMagic)
    frame.append(checksum)
    frame.append(contentsOf: checked.bytes)
    frame.append(contentsOf: payload.bytes)
    return frame.bytes
  }

  /// The payload of the frame at `offset`, or nil when there is no whole frame with this number.
  static func payload(
    in bytes: UnsafeRawBufferPointer, at offset: Int, number: UInt64
  ) -> UnsafeRawBufferPointer? {
    guard bytes.count - offset >= frameHeaderByteCount,
      load(UInt32.self, bytes, offset) == frameMagic,
      load(UInt64.self, bytes, offset + 12) == number
    else { return nil }
    let length = Int(load(UInt32.self, bytes, offset + 8))
    let start = offset + frameHeaderByteCount
    guard length <= bytes.count - start else { return nil }
    let checked = UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<start + length])
    guard crc32c(checked) == load(UInt32.self, bytes, offset + 4) else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
  }

  /// Whether a whole frame with a number after `number` begins anywhere from `offset` on.
  static func hasLaterFrame(
    in bytes: UnsafeRawBufferPointer, from offset: Int, after number: UInt64
  ) -> Bool {
    var position = offset
    while bytes.count - position >= frameHeaderByteCount {
      if load(UInt32.self, bytes, position) == frameMagic {
        let found = load(UInt64.self, bytes, position + 12)
        if found > number, payload(in: bytes, at: position, number: found) != nil { return true }
      }
      position += 1
    }
    return false
  }

  private static func load<T: FixedWidthInteger>(
    _ type: T.Type, _ bytes: UnsafeRawBufferPointer, _ offset: Int
  ) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

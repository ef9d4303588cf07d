import StorageBase

/// The fixed parts of a log file (see FORMAT.md).
enum LogFormat {
  static let magic: [UInt8] = Array("SEDLOG\0\0".utf8)
  /// The version that is written.
  static let version: UInt32 = 2
  /// Files in which every frame was synced before the next was written.
  static let firstVersion: UInt32 = 1
  static let headerByteCount = 32
  static let frameMagic: UInt32 = 0x4D52_4653

  /// Bytes of a frame before its payload.
  static func frameHeaderByteCount(_ version: UInt32) -> Int { version == firstVersion ? 20 : 28 }

  static func header(storeID: UInt64, number: UInt32, version: UInt32 = version) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(contentsOf: magic)
    writer.append(version)
    writer.append(UInt32(0))
    writer.append(storeID)
    writer.append(number)
    writer.appendChecksum()
    return writer.bytes
  }

  /// Whether the bytes begin with a header that has its checksum, of whatever version: a damaged
  /// one must not look like one of a later version.
  static func isWholeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= headerByteCount
      && crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<(headerByteCount - 4)]))
        == UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: headerByteCount - 4, as: UInt32.self))
  }

  /// A frame around `payload`, ready to append.
  /// - Parameters:
  ///   - synced: the number of the last frame that is known to be on disk; the first format has no
  ///     place for it.
  ///   - version: the format of the file.
  static func frame(
    number: UInt64, synced: UInt64, payload: ByteWriter, version: UInt32 = version
  ) -> [UInt8] {
    var checked = ByteWriter()
    checked.append(UInt32(payload.count))
    checked.append(number)
    if version != firstVersion { checked.append(synced) }
    let head = checked.bytes.withUnsafeBytes { crc32c($0) }
    let checksum = payload.bytes.withUnsafeBytes { crc32c($0, seed: head) }
    var frame = ByteWriter()
    frame.append(frameMagic)
    frame.append(checksum)
    frame.append(contentsOf: checked.bytes)
    frame.append(contentsOf: payload.bytes)
    return frame.bytes
  }
}

/// The frames in the bytes of one log file.
struct LogFrames {
  let bytes: UnsafeRawBufferPointer
  /// The format of the file.
  let version: UInt32

  private var headerByteCount: Int { LogFormat.frameHeaderByteCount(version) }

  /// The payload of the frame at `offset`, or nil when there is no whole frame with this number.
  func payload(at offset: Int, number: UInt64) -> UnsafeRawBufferPointer? {
    guard bytes.count - offset >= headerByteCount,
      load(UInt32.self, offset) == LogFormat.frameMagic, load(UInt64.self, offset + 12) == number
    else { return nil }
    let length = Int(load(UInt32.self, offset + 8))
    let start = offset + headerByteCount
    guard length <= bytes.count - start else { return nil }
    let checked = UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<start + length])
    guard crc32c(checked) == load(UInt32.self, offset + 4) else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
  }

  /// Where the zeros begin that the bytes from `offset` on end with.
  func endOfBytes(from offset: Int) -> Int {
    var end = bytes.count
    while end - offset >= 8, load(UInt64.self, end - 8) == 0 { end -= 8 }
    while end > offset, bytes[end - 1] == 0 { end -= 1 }
    return end
  }

  /// Whether a whole frame anywhere from `offset` on shows that frame `number` was on disk once:
  /// it says so itself, or, in the first format, it comes later.
  func showSynced(_ number: UInt64, from offset: Int) -> Bool {
    var position = offset
    let end = endOfBytes(from: offset)
    while position < end, bytes.count - position >= headerByteCount {
      if load(UInt32.self, position) == LogFormat.frameMagic {
        let found = load(UInt64.self, position + 12)
        let synced =
          version == LogFormat.firstVersion ? found &- 1 : load(UInt64.self, position + 20)
        if synced >= number, found > number, payload(at: position, number: found) != nil {
          return true
        }
      }
      position += 1
    }
    return false
  }

  /// Every whole frame from `offset` on whose number is at least `number`, wherever it begins.
  func laterFrames(
    from offset: Int, since number: UInt64
  ) -> [(offset: Int, payload: UnsafeRawBufferPointer)] {
    var found: [(offset: Int, payload: UnsafeRawBufferPointer)] = []
    var position = offset
    while bytes.count - position >= headerByteCount {
      let frame = load(UInt64.self, position + 12)
      if load(UInt32.self, position) == LogFormat.frameMagic, frame >= number,
        let payload = payload(at: position, number: frame)
      {
        found.append((position + headerByteCount, payload))
        position += headerByteCount + payload.count
      } else {
        position += 1
      }
    }
    return found
  }

  private func load<T: FixedWidthInteger>(_ type: T.Type, _ offset: Int) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

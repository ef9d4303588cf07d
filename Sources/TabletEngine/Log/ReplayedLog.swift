/// A log file while it is replayed: bytes of which the checksum has been found right.
struct ReplayedLog {
  let number: UInt32
  /// The whole file; valid only within the call that hands it over.
  let bytes: UnsafeRawBufferPointer

  /// - Returns: nil for what lies in another file.
  func bytes(at position: LogPosition, count: Int) -> [UInt8]? {
    guard position.file == number, let start = Int(exactly: position.offset), start >= 0,
      start <= bytes.count, count >= 0, count <= bytes.count - start
    else { return nil }
    return [UInt8](bytes[start..<start + count])
  }
}

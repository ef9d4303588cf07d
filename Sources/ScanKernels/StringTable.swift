/// A sequence of byte strings in two buffers: string `i` is bytes `offsets[i]..<offsets[i + 1]`.
/// Read-only and thread-safe.
public struct StringTable: Sendable {
  public let count: Int
  /// `count + 1` ascending `UInt32` offsets, the first 0.
  public let offsets: AlignedBuffer
  public let bytes: AlignedBuffer

  public init(count: Int, offsets: AlignedBuffer, bytes: AlignedBuffer) {
    precondition(offsets.byteCount >= (count + 1) * 4)
    self.count = count
    self.offsets = offsets
    self.bytes = bytes
  }

  public init(_ strings: [String]) {
    var offsets: [UInt32] = [0]
    var bytes: [UInt8] = []
    for string in strings {
      bytes.append(contentsOf: string.utf8)
      offsets.append(UInt32(bytes.count))
    }
    self.init(count: strings.count, offsets: .of(offsets), bytes: .of(bytes))
  }

  /// The bytes of one string; valid while the table is held.
  @inlinable public subscript(index: Int) -> UnsafeRawBufferPointer {
    let bounds = offsets.values(as: UInt32.self)
    return UnsafeRawBufferPointer(
      rebasing: bytes.bytes[Int(bounds[index])..<Int(bounds[index &+ 1])])
  }

  public func string(at index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}

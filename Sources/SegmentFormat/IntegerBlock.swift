import ScanKernels
import StorageBase

/// Some integers packed as offsets from the least of them, or as they are when packing would not
/// make them smaller: the integer block of FORMAT.md.
enum IntegerBlock {
  /// The bits an offset of the range takes; nil when values of that range are not packed.
  static func width<T: ColumnInteger>(min: T, max: T) -> Int? {
    let width = bitCount(of: T.Magnitude(truncatingIfNeeded: max &- min))
    return width <= 64 && width < T.bitWidth ? width : nil
  }

  static func byteCount<T: ColumnInteger>(_ type: T.Type, count: Int, width: Int?) -> Int {
    guard let width else { return 1 + count * MemoryLayout<T>.size }
    return 1 + MemoryLayout<T>.size + packedByteCount(count, width: width)
  }

  /// - Precondition: `min` and `max` bound the values.
  static func append<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, min: T, max: T, to out: ByteBuffer
  ) {
    guard let width = width(min: min, max: max) else {
      out.append(SegmentLayout.plainBlockMark)
      out.append(UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<T>.size))
      return
    }
    out.append(UInt8(width))
    out.append(min)
    let target = out.extend(by: packedByteCount(count, width: width))
    T.pack(values, count: count, width: width, base: min, into: target)
  }

  /// - Parameter allowsPatches: whether the block may have exceptions.
  static func read<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<T>,
    allowsPatches: Bool = false
  ) throws {
    let width = try reader.read(UInt8.self, "integer block width")
    if allowsPatches && width == SegmentLayout.patchedBlockMark {
      return try PatchedBlock.read(&reader, count: count, into: target)
    }
    if width == SegmentLayout.plainBlockMark {
      let bytes = try reader.readBytes(count * MemoryLayout<T>.size, "integer block values")
      UnsafeMutableRawBufferPointer(start: target, count: bytes.count).copyMemory(from: bytes)
      return
    }
    try readPacked(&reader, count: count, width: width, into: target)
  }

  /// The base and the packed offsets from it.
  static func readPacked<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, width: UInt8, into target: UnsafeMutablePointer<T>
  ) throws {
    guard width <= min(64, T.bitWidth) else {
      throw reader.corrupt(
        "integer block width", expected: "at most \(min(64, T.bitWidth)) bits", found: "\(width)")
    }
    let base = try reader.read(T.self, "integer block base")
    let packed = try reader.readBytes(
      packedByteCount(count, width: Int(width)), "integer block values")
    guard let source = packed.baseAddress else { return }
    T.unpack(source, count: count, width: Int(width), base: base, into: target)
  }
}

/// Run lengths, codes and other small numbers: a width and the packed numbers.
enum PackedNumbers {
  static func byteCount(count: Int, max: UInt32) -> Int {
    1 + packedByteCount(count, width: bitCount(of: max))
  }

  static func append(
    _ numbers: UnsafePointer<UInt32>, count: Int, max: UInt32, to out: ByteBuffer
  ) {
    let width = bitCount(of: max)
    out.append(UInt8(width))
    let target = out.extend(by: packedByteCount(count, width: width))
    numbers.withMemoryRebound(to: Int32.self, capacity: count) {
      Int32.pack($0, count: count, width: width, base: 0, into: target)
    }
  }

  /// Appends width, least number and the numbers minus it.
  static func appendFromLeast(
    _ numbers: UnsafePointer<UInt32>, count: Int, least: UInt32, greatest: UInt32,
    to out: ByteBuffer
  ) {
    let width = bitCount(of: greatest &- least)
    out.append(UInt8(width))
    out.append(least)
    let target = out.extend(by: packedByteCount(count, width: width))
    numbers.withMemoryRebound(to: Int32.self, capacity: count) {
      Int32.pack(
        $0, count: count, width: width, base: Int32(bitPattern: least), into: target)
    }
  }

  /// - Parameter least: what was subtracted from every number, modulo 2^32.
  static func read(
    _ reader: inout ByteReader, count: Int, least: UInt32 = 0, width: UInt8,
    into target: UnsafeMutablePointer<UInt32>, _ what: String
  ) throws {
    guard width <= 32 else {
      throw reader.corrupt("\(what) width", expected: "at most 32 bits", found: "\(width)")
    }
    let packed = try reader.readBytes(packedByteCount(count, width: Int(width)), what)
    guard let source = packed.baseAddress else { return }
    target.withMemoryRebound(to: Int32.self, capacity: count) {
      Int32.unpack(
        source, count: count, width: Int(width), base: Int32(bitPattern: least), into: $0)
    }
  }
}

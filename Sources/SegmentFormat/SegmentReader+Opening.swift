import ScanKernels
import StorageBase
import StorageIO

extension SegmentReader {
  /// The footer and its offset: one read of the end of the file, two when the footer is long.
  static func readFooter(_ file: any ReadableFile) throws -> (SegmentFooter, UInt64) {
    let least = UInt64(SegmentLayout.magicByteCount + SegmentLayout.trailerByteCount)
    guard file.byteCount >= least, file.byteCount <= UInt64(Int.max) else {
      throw StorageError.corrupt(
        file: file.path, offset: 0, what: "segment", expected: "at least \(least) bytes",
        found: "\(file.byteCount)")
    }
    if let mapping = file.mapping {
      return try decodeFooter(file, end: mapping)
    }
    let count = min(Int(file.byteCount), SegmentLayout.openingReadByteCount)
    let tail = try readEnd(of: file, count: count)
    let footerByteCount = try trailer(file, end: tail.bytes)
    let needed = footerByteCount + SegmentLayout.trailerByteCount
    let end = needed <= count ? tail : try readEnd(of: file, count: needed)
    return try withExtendedLifetime(end) { try decodeFooter(file, end: end.bytes) }
  }

  /// Whether the footer of a file has its checksum, whatever it says. A file of a later version has
  /// one that fits; one that was damaged so that it looks like that has not.
  public static func hasWholeFooter(_ file: any ReadableFile) throws -> Bool {
    let least = SegmentLayout.magicByteCount + SegmentLayout.trailerByteCount
    guard file.byteCount >= UInt64(least) else { return false }
    let trailer = try readEnd(of: file, count: SegmentLayout.trailerByteCount)
    let length = withExtendedLifetime(trailer) {
      Int(UInt32(littleEndian: trailer.bytes.loadUnaligned(as: UInt32.self)))
    }
    guard UInt64(length) <= file.byteCount - UInt64(least) else { return false }
    let end = try readEnd(of: file, count: length + SegmentLayout.trailerByteCount)
    return withExtendedLifetime(end) {
      // The checksum covers the footer and the trailer up to itself.
      let covered = end.bytes.count - 8
      let stored = UInt32(
        littleEndian: end.bytes.loadUnaligned(fromByteOffset: covered, as: UInt32.self))
      return crc32c(UnsafeRawBufferPointer(rebasing: end.bytes[..<covered])) == stored
    }
  }

  private static func readEnd(of file: any ReadableFile, count: Int) throws -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: count)
    try file.read(at: file.byteCount - UInt64(count), into: buffer.mutableBytes)
    return buffer
  }

  /// The length of the footer that the trailer, at the end of `end`, tells; it lies in the file.
  private static func trailer(
    _ file: any ReadableFile, end: UnsafeRawBufferPointer
  ) throws -> Int {
    let bytes = UnsafeRawBufferPointer(rebasing: end.suffix(SegmentLayout.trailerByteCount))
    let origin = file.byteCount - UInt64(SegmentLayout.trailerByteCount)
    var reader = ByteReader(bytes, file: file.path, origin: origin)
    let length = try reader.read(UInt32.self, "footer length")
    let features = try reader.read(UInt32.self, "required features")
    let version = try reader.read(UInt8.self, "format version")
    let padding = try reader.readBytes(3, "trailer padding")
    _ = try reader.read(UInt32.self, "footer checksum")
    let magic = try reader.read(UInt32.self, "trailer magic")
    guard magic == SegmentLayout.magic else {
      throw reader.corrupt(
        "trailer magic", expected: hex(SegmentLayout.magic), found: hex(magic))
    }
    guard version == SegmentLayout.formatVersion else {
      throw StorageError.unsupportedFormat(
        file: file.path, found: "segment version \(version)",
        supported: "segment version \(SegmentLayout.formatVersion)")
    }
    guard features & ~SegmentLayout.knownFeatures == 0 else {
      throw StorageError.unsupportedFormat(
        file: file.path, found: "required features \(hex(features))",
        supported: hex(SegmentLayout.knownFeatures))
    }
    guard padding.allSatisfy({ $0 == 0 }) else {
      throw reader.corrupt("trailer padding", expected: "zero", found: "other bytes")
    }
    let limit = origin - UInt64(SegmentLayout.magicByteCount)
    guard UInt64(length) <= limit else {
      throw reader.corrupt("footer length", expected: "at most \(limit)", found: "\(length)")
    }
    return Int(length)
  }

  private static func decodeFooter(
    _ file: any ReadableFile, end: UnsafeRawBufferPointer
  ) throws -> (SegmentFooter, UInt64) {
    let length = try trailer(file, end: end)
    // The checksum covers the footer and the trailer up to itself.
    let covered = length + SegmentLayout.trailerByteCount - 8
    let dataEnd = file.byteCount - UInt64(length + SegmentLayout.trailerByteCount)
    let block = UnsafeRawBufferPointer(
      rebasing: end.suffix(length + SegmentLayout.trailerByteCount))
    var check = ByteReader(block, file: file.path, origin: dataEnd)
    _ = try check.readBytes(covered, "footer")
    try check.verifyChecksum("footer")
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: block[..<length]), file: file.path, origin: dataEnd)
    return (try SegmentFooter(decoding: &reader, dataEnd: dataEnd), dataEnd)
  }
}

import ScanKernels
import StorageBase
import StorageIO

/// Finds, checks and decodes the end of a segment.
struct FooterReader {
  let file: any ReadableFile

  func read() throws -> SegmentFooter {
    let trailerByteCount = SegmentLayout.trailerByteCount
    let shortest = UInt64(SegmentLayout.magicByteCount + trailerByteCount)
    guard file.byteCount > shortest else {
      throw corrupt(
        at: 0, "segment", expected: "more than \(shortest) bytes", found: "\(file.byteCount)")
    }
    let end = try tail(SegmentLayout.openingReadByteCount)
    let trailerOffset = file.byteCount - UInt64(trailerByteCount)
    let footerByteCount = try end.withUnsafeBytes {
      try checkTrailer(
        UnsafeRawBufferPointer(rebasing: $0[($0.count - trailerByteCount)...]),
        at: trailerOffset)
    }
    let needed = footerByteCount + trailerByteCount
    let bytes = needed <= end.count ? end : try tail(needed)
    return try bytes.withUnsafeBytes { bytes in
      let footer = UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - needed)...])
      return try decode(footer, footerOffset: trailerOffset - UInt64(footerByteCount))
    }
  }

  private func tail(_ count: Int) throws -> [UInt8] {
    let available = min(UInt64(count), file.byteCount)
    return try file.read(at: file.byteCount - available, count: Int(available))
  }

  /// Everything but the checksum, which covers the footer too.
  /// - Returns: the length of the footer.
  private func checkTrailer(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws -> Int {
    var reader = ByteReader(bytes, file: file.path, origin: offset)
    let footerByteCount = try reader.read(UInt32.self, "footer bytes")
    let features = try reader.read(UInt32.self, "required features")
    let version = try reader.read(UInt8.self, "format version")
    let padding = try reader.readBytes(3, "reserved bytes")
    _ = try reader.read(UInt32.self, "footer checksum")
    let magic = try reader.read(UInt32.self, "magic")
    guard magic == SegmentLayout.magic else {
      throw corrupt(
        at: offset + 16, "magic at the end", expected: hex(SegmentLayout.magic),
        found: hex(magic))
    }
    guard version == SegmentLayout.formatVersion else {
      throw StorageError.unsupportedFormat(
        file: file.path, found: "version \(version)",
        supported: "version \(SegmentLayout.formatVersion)")
    }
    guard features & ~SegmentLayout.knownFeatures == 0 else {
      throw StorageError.unsupportedFormat(
        file: file.path, found: "required features \(hex(features))",
        supported: hex(SegmentLayout.knownFeatures))
    }
    guard padding.allSatisfy({ $0 == 0 }) else {
      throw corrupt(at: offset + 9, "reserved bytes", expected: "zero", found: "others")
    }
    let room = offset - UInt64(SegmentLayout.magicByteCount)
    guard UInt64(footerByteCount) <= room else {
      throw corrupt(
        at: offset, "footer bytes", expected: "at most \(room)", found: "\(footerByteCount)")
    }
    return Int(footerByteCount)
  }

  /// - Parameter bytes: footer and trailer.
  private func decode(
    _ bytes: UnsafeRawBufferPointer, footerOffset: UInt64
  ) throws -> SegmentFooter {
    var whole = ByteReader(bytes, file: file.path, origin: footerOffset)
    _ = try whole.readBytes(bytes.count - 8, "footer")
    try whole.verifyChecksum("footer")
    let fields = UnsafeRawBufferPointer(
      rebasing: bytes[..<(bytes.count - SegmentLayout.trailerByteCount)])
    var reader = ByteReader(fields, file: file.path, origin: footerOffset)
    return try SegmentFooter.decode(from: &reader, footerOffset: footerOffset)
  }

  private func corrupt(
    at offset: UInt64, _ what: String, expected: String, found: String
  ) -> StorageError {
    .corrupt(file: file.path, offset: offset, what: what, expected: expected, found: found)
  }
}

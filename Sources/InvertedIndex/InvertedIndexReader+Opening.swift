import StorageBase
import StorageIO

extension InvertedIndexReader {
  static func readFooter(
    _ file: any ReadableFile, _ range: Range<UInt64>
  ) throws -> IndexFooter {
    let least = UInt64(IndexLayout.magicByteCount + IndexLayout.trailerByteCount)
    let count = range.upperBound - range.lowerBound
    guard range.upperBound <= file.byteCount, count >= least, count <= UInt64(Int32.max) * 64 else {
      throw StorageError.corrupt(
        file: file.path, offset: range.lowerBound, what: "inverted index",
        expected: "at least \(least) bytes", found: "\(range) of \(file.byteCount)")
    }
    let first = min(Int(count), IndexLayout.openingReadByteCount)
    let end = try tail(file, range, count: first)
    let (footerByteCount, features) = try trailer(file, range, end)
    let needed = footerByteCount + IndexLayout.trailerByteCount
    let whole = needed <= first ? end : try tail(file, range, count: needed)
    return try whole.withBytes { bytes in
      try decode(
        file, range,
        UnsafeRawBufferPointer(rebasing: bytes.suffix(needed)), footerByteCount: footerByteCount,
        features: features)
    }
  }

  private static func tail(
    _ file: any ReadableFile, _ range: Range<UInt64>, count: Int
  ) throws -> IndexBytes {
    try IndexBytes(file, range.upperBound - UInt64(count)..<range.upperBound)
  }

  /// The length of the footer and the required features that the trailer, at the end of `end`,
  /// tells.
  private static func trailer(
    _ file: any ReadableFile, _ range: Range<UInt64>, _ end: IndexBytes
  ) throws -> (footerByteCount: Int, features: UInt32) {
    try end.withBytes { end in
      let origin = range.upperBound - UInt64(IndexLayout.trailerByteCount)
      var reader = ByteReader(
        UnsafeRawBufferPointer(rebasing: end.suffix(IndexLayout.trailerByteCount)),
        file: file.path, origin: origin)
      let length = try reader.read(UInt32.self, "footer length")
      let features = try reader.read(UInt32.self, "required features")
      let version = try reader.read(UInt8.self, "format version")
      let padding = try reader.readBytes(3, "trailer padding")
      _ = try reader.read(UInt32.self, "footer checksum")
      let magic = try reader.read(UInt32.self, "trailer magic")
      guard magic == IndexLayout.magic else {
        throw reader.corrupt("trailer magic", expected: hex(IndexLayout.magic), found: hex(magic))
      }
      guard version == IndexLayout.formatVersion, features & ~IndexLayout.packedFeature == 0
      else {
        throw StorageError.unsupportedFormat(
          file: file.path, found: "inverted index version \(version), features \(hex(features))",
          supported:
            "version \(IndexLayout.formatVersion), features \(hex(IndexLayout.packedFeature))"
        )
      }
      guard padding.allSatisfy({ $0 == 0 }) else {
        throw reader.corrupt("trailer padding", expected: "zero", found: "other bytes")
      }
      let limit = origin - range.lowerBound - UInt64(IndexLayout.magicByteCount)
      guard UInt64(length) <= limit else {
        throw reader.corrupt("footer length", expected: "at most \(limit)", found: "\(length)")
      }
      return (Int(length), features)
    }
  }

  /// - Parameter end: the footer and the trailer.
  private static func decode(
    _ file: any ReadableFile, _ range: Range<UInt64>, _ end: UnsafeRawBufferPointer,
    footerByteCount: Int, features: UInt32
  ) throws -> IndexFooter {
    let origin = range.upperBound - UInt64(end.count)
    var check = ByteReader(end, file: file.path, origin: origin)
    // The checksum covers the trailer up to itself.
    _ = try check.readBytes(end.count - 8, "footer")
    try check.verifyChecksum("footer")
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: end[..<footerByteCount]), file: file.path, origin: origin)
    return try IndexFooter(
      decoding: &reader, dataEnd: Int(origin - range.lowerBound), features: features)
  }
}

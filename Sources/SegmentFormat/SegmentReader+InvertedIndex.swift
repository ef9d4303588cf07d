import StorageIO

/// Where the inverted index of a column lies: bytes that another part understands.
public struct SegmentBlock: Sendable {
  /// Stays open as long as it is held.
  public let file: any ReadableFile
  public let range: Range<UInt64>
}

extension SegmentReader {
  /// Whether any column has an index.
  public var hasInvertedIndexes: Bool { !extensions.invertedIndexes.isEmpty }

  /// The index of a column, without the block's checksum, which only `verify` compares: an index
  /// has checksums of its own, so that asking it reads a part of it. Nil when there is none.
  public func invertedIndex(ofColumn column: Int) -> SegmentBlock? {
    extensions.invertedIndexes[column].map { block in
      let byteCount = UInt64(block.byteCount - SegmentLayout.checksumByteCount)
      return SegmentBlock(file: file, range: block.offset..<block.offset + byteCount)
    }
  }
}

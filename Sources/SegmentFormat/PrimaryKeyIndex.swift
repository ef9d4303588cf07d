import StorageBase

/// What is kept in memory of the primary keys of a segment once they were asked. Thread-safe.
final class PrimaryKeyIndex: Sendable {
  let root: PrimaryKeyRoot
  /// Nil when there is a single page.
  let filter: SplitBlockFilter?
  let verified: VerifiedPages

  init(root: PrimaryKeyRoot, filter: SplitBlockFilter?) {
    self.root = root
    self.filter = filter
    verified = VerifiedPages(pageCount: root.pages.count)
  }
}

extension SegmentReader {
  /// The root and the filter, loaded the first time; nil when the segment has no primary keys.
  func primaryKeyIndex() throws -> PrimaryKeyIndex? {
    guard let extent = extensions.primaryKeys else { return nil }
    return try pruning.primaryKeys.withLock { loaded in
      if let index = loaded { return index }
      let root = try withBlock(extent.root) { content in
        var reader = ByteReader(content, file: path, origin: extent.root.offset)
        return try PrimaryKeyRoot(
          decoding: &reader, pages: extent.pages, rowCount: rowCount)
      }
      let filter = try extent.filter.map { block in
        try withBlock(block) { SplitBlockFilter(copying: $0) }
      }
      let index = PrimaryKeyIndex(root: root, filter: filter)
      memory.add(root.memoryByteCount + (extent.filter?.byteCount ?? 0))
      loaded = index
      return index
    }
  }

  /// Lends a key page whose checksum is right.
  func withKeyPage<R>(
    _ number: Int, of index: PrimaryKeyIndex, _ body: (PrimaryKeyPage) throws -> R
  ) throws -> R {
    let place = index.root.pages[number]
    return try withBytes(at: place.offset, count: place.byteCount) { bytes, isMapped in
      if !isMapped || !index.verified.contains(number) {
        var reader = ByteReader(bytes, file: path, origin: place.offset)
        _ = try reader.readBytes(bytes.count - SegmentLayout.checksumByteCount, "key page")
        try reader.verifyChecksum("key page")
        index.verified.insert(number)
      }
      return try body(
        PrimaryKeyPage(
          bytes, rowCount: place.rows.count, hasSequences: index.root.hasSequences, file: path,
          offset: place.offset))
    }
  }
}

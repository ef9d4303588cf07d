import StorageBase
import Synchronization

/// The structures for pruning that were loaded so far. Thread-safe.
final class PruningCache: Sendable {
  let filters = Mutex<[UInt64: SplitBlockFilter]>([:])
  let shortKeys = Mutex<ShortKeyIndex?>(nil)
  let primaryKeys = Mutex<PrimaryKeyIndex?>(nil)
}

extension SegmentReader {
  /// False when no row of the column has this value, by the zone map of the segment and, when there
  /// is one, by the column's Bloom filter, which is loaded the first time. Thread-safe.
  /// - Parameter value: as the column stores it: decimals unscaled, dates in days.
  /// - Throws: `StorageError.corrupt` for a bad filter, or what the file throws.
  public func mayContain(column: Int, value: Value) throws -> Bool {
    let zone = zoneMap(column: column)
    if value.isNull { return zone.nullCount > 0 }
    let type = schema.columns[column].type.physical
    guard !zone.isAllNull, let hash = FilterHash.hash(value, in: type) else { return false }
    if value.precedes(zone.min) || (!zone.isMaxOpen && zone.max.precedes(value)) { return false }
    guard let block = extensions.valueFilters[column] else { return true }
    return try filter(at: block).mayContain(hash)
  }

  /// False when no string of the column holds `substring`, byte for byte, by its n-gram filter.
  /// True without one, and for texts shorter than its n-grams. Thread-safe.
  /// - Throws: as `mayContain(column:value:)`.
  public func mayContain(column: Int, substring: String) throws -> Bool {
    if zoneMap(column: column).isAllNull { return false }
    guard let grams = extensions.gramFilters[column] else { return true }
    let filter = try filter(at: grams.block)
    var mayContain = true
    Array(substring.utf8).withUnsafeBytes { text in
      forEachGram(of: text, size: grams.size) { mayContain = mayContain && filter.mayContain($0) }
    }
    return mayContain
  }

  /// The pages that may hold rows whose sort key begins with these values; all pages when the
  /// segment has no short-key index. Thread-safe.
  /// - Precondition: at most as many values as the sort key has columns, of their types.
  /// - Throws: `StorageError.corrupt` for a bad index, or what the file throws.
  public func pageRange(forKeyPrefix prefix: [Value]) throws -> Range<Int> {
    try pageRange(from: prefix, through: prefix)
  }

  /// The pages that may hold rows whose sort key is not below `low` and not above `high`, where a
  /// key that begins with all of `high` is not above it; no values at all mean no bound.
  /// Thread-safe.
  /// - Precondition, errors: as `pageRange(forKeyPrefix:)`.
  public func pageRange(from low: [Value], through high: [Value]) throws -> Range<Int> {
    guard let block = extensions.shortKeys else { return 0..<pageCount }
    return try shortKeys(at: block).pages(from: keyBytes(low), through: keyBytes(high))
  }

  private func keyBytes(_ values: [Value]) -> [UInt8] {
    precondition(values.count <= schema.sortKeyCount, "more values than the sort key has columns")
    var bytes: [UInt8] = []
    for (column, value) in zip(schema.columns, values) {
      SortKeyBytes.append(value, of: column, to: &bytes)
    }
    return bytes
  }

  private func filter(at block: SegmentExtensions.Block) throws -> SplitBlockFilter {
    try pruning.filters.withLock { loaded in
      if let filter = loaded[block.offset] { return filter }
      let filter = try withBlock(block) { SplitBlockFilter(copying: $0) }
      memory.add(block.byteCount)
      loaded[block.offset] = filter
      return filter
    }
  }

  func shortKeys(at block: SegmentExtensions.Block) throws -> ShortKeyIndex {
    try pruning.shortKeys.withLock { loaded in
      if let index = loaded { return index }
      let index = try withBlock(block) { content in
        var reader = ByteReader(content, file: path, origin: block.offset)
        return try ShortKeyIndex(decoding: &reader, pageCount: pageCount)
      }
      memory.add(index.memoryByteCount)
      loaded = index
      return index
    }
  }

  /// Lends the content of an extension block after checking its checksum.
  func withBlock<R>(
    _ block: SegmentExtensions.Block, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    try withBytes(at: block.offset, count: block.byteCount) { bytes, _ in
      var reader = ByteReader(bytes, file: path, origin: block.offset)
      let content = try reader.readBytes(
        block.byteCount - SegmentLayout.checksumByteCount, "extension block")
      try reader.verifyChecksum("extension block")
      return try body(content)
    }
  }
}

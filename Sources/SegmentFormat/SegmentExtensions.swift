import StorageBase

/// The structures of a segment beside its columns, as the footer describes them.
struct SegmentExtensions: Sendable {
  /// The kinds of extension entries. Persistent: never change or reuse one.
  enum Kind: UInt64 {
    case valueFilter = 1
    case gramFilter = 2
    case shortKeys = 3
    case invertedIndex = 4
    case dictionary = 5
    case primaryKeys = 6
    case rowStore = 7
  }

  /// Where a block lies, its checksum included.
  struct Block: Hashable, Sendable {
    var offset: UInt64
    var byteCount: Int
  }

  struct GramFilter: Sendable {
    var size: Int
    var block: Block
  }

  struct PrimaryKeys: Sendable {
    var pages: Range<UInt64>
    /// Nil when there is a single page.
    var filter: Block?
    var root: Block

    /// Of all three, which lie one after another.
    var byteCount: Int { pages.count + (filter?.byteCount ?? 0) + root.byteCount }
  }

  private(set) var valueFilters: [Int: Block] = [:]
  private(set) var gramFilters: [Int: GramFilter] = [:]
  private(set) var shortKeys: Block?
  private(set) var dictionaries: [Int: Block] = [:]
  private(set) var invertedIndexes: [Int: Block] = [:]
  private(set) var primaryKeys: PrimaryKeys?
  private(set) var rowStore: RowStoreEntry?

  /// Unknown kinds are skipped.
  /// - Throws: `StorageError.corrupt` for a known kind that describes no possible block.
  init(
    _ extensions: [SegmentFooter.Extension], columnCount: Int, file: String, dataEnd: UInt64
  ) throws {
    for item in extensions {
      guard let kind = Kind(rawValue: item.kind) else { continue }
      try item.bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: file, origin: dataEnd)
        switch kind {
        case .valueFilter:
          let column = try reader.readCount("filter column", atMost: columnCount - 1)
          valueFilters[column] = try Self.readFilterBlock(&reader, dataEnd: dataEnd)
        case .gramFilter:
          let column = try reader.readCount("filter column", atMost: columnCount - 1)
          let size = Int(try reader.read(UInt8.self, "n-gram size"))
          guard ColumnFilter.gramSizes.contains(size) else {
            throw reader.corrupt("n-gram size", expected: "2...8", found: "\(size)")
          }
          gramFilters[column] = GramFilter(
            size: size, block: try Self.readFilterBlock(&reader, dataEnd: dataEnd))
        case .shortKeys:
          shortKeys = try Self.readBlock(&reader, dataEnd: dataEnd)
        case .dictionary:
          let column = try reader.readCount("dictionary column", atMost: columnCount - 1)
          dictionaries[column] = try Self.readBlock(&reader, dataEnd: dataEnd)
        case .invertedIndex:
          let column = try reader.readCount("indexed column", atMost: columnCount - 1)
          invertedIndexes[column] = try Self.readBlock(&reader, dataEnd: dataEnd)
        case .primaryKeys:
          primaryKeys = try Self.readPrimaryKeys(&reader, dataEnd: dataEnd)
        case .rowStore:
          rowStore = try RowStoreEntry(
            decoding: &reader, columnCount: columnCount, dataEnd: dataEnd)
        }
        try reader.requireEnd("extension")
      }
    }
  }

  private static func readPrimaryKeys(
    _ reader: inout ByteReader, dataEnd: UInt64
  ) throws -> PrimaryKeys {
    let start = try reader.readCount("extension offset", atMost: Int(dataEnd))
    let pages = try reader.readCount("key pages length", atMost: Int(dataEnd) - start)
    let filterStart = start + pages
    let filter = try reader.readCount("key filter length", atMost: Int(dataEnd) - filterStart)
    var filterBlock: Block?
    if filter > 0 {
      filterBlock = Block(offset: UInt64(filterStart), byteCount: filter)
      try requireFilter(byteCount: filter, reader)
    }
    let root = try readBlock(&reader, at: filterStart + filter, dataEnd: dataEnd)
    return PrimaryKeys(
      pages: UInt64(start)..<UInt64(filterStart), filter: filterBlock, root: root)
  }

  private static func readBlock(_ reader: inout ByteReader, dataEnd: UInt64) throws -> Block {
    let offset = try reader.readCount("extension offset", atMost: Int(dataEnd))
    return try readBlock(&reader, at: offset, dataEnd: dataEnd)
  }

  private static func readBlock(
    _ reader: inout ByteReader, at offset: Int, dataEnd: UInt64
  ) throws -> Block {
    let byteCount = try reader.readCount("extension block length", atMost: Int(dataEnd) - offset)
    guard byteCount >= SegmentLayout.checksumByteCount else {
      throw reader.corrupt(
        "extension block length", expected: "at least \(SegmentLayout.checksumByteCount)",
        found: "\(byteCount)")
    }
    return Block(offset: UInt64(offset), byteCount: byteCount)
  }

  private static func readFilterBlock(
    _ reader: inout ByteReader, dataEnd: UInt64
  ) throws -> Block {
    let block = try readBlock(&reader, dataEnd: dataEnd)
    try requireFilter(byteCount: block.byteCount, reader)
    return block
  }

  private static func requireFilter(byteCount: Int, _ reader: ByteReader) throws {
    let content = byteCount - SegmentLayout.checksumByteCount
    guard content > 0, content % SplitBlockFilter.blockByteCount == 0,
      content <= SplitBlockFilter.byteCountMax
    else {
      throw reader.corrupt(
        "filter length", expected: "a multiple of \(SplitBlockFilter.blockByteCount)",
        found: "\(content)")
    }
  }

  /// Every block there is that one checksum covers, for checking.
  var blocks: [Block] {
    valueFilters.values + gramFilters.values.map(\.block) + (shortKeys.map { [$0] } ?? [])
      + dictionaries.values + invertedIndexes.values
      + (primaryKeys.map { [$0.filter, $0.root].compactMap { $0 } } ?? [])
      + (rowStore.map { [$0.directory] } ?? [])
  }
}

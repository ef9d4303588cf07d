import ScanKernels
import StorageBase

/// What the end of an index says of the whole, and the sparse index of its dictionary.
struct IndexFooter {
  struct Block {
    /// The least offset is that after the postings.
    var offset: Int
    var byteCount: Int
    /// Document counts of this block's terms and all before.
    var documentSum: Int
  }

  /// A sealed set of rows: 0 bytes if there are none.
  struct RowBlock {
    var rowCount = 0
    var offset = 0
    var byteCount = 0
  }

  /// More than terms of one index can have, and far from what would overflow.
  private static let documentSumMax = 1 << 56

  /// Whether rows and positions may be packed.
  let isPacked: Bool
  var type: DataType
  var options: IndexOptions
  var rowCount: Int
  var termCount: Int
  var postingsByteCount: Int
  var nulls = RowBlock()
  var ignored = RowBlock()
  var blocks: [Block] = []
  /// The separators of the blocks, one after another.
  var separators: [UInt8] = []
  /// Where each ends.
  var separatorEnds: [Int] = []

  var documentSum: Int { blocks.last?.documentSum ?? 0 }

  /// Where the dictionary ends.
  var dictionaryEnd: Int {
    blocks.last.map { $0.offset + $0.byteCount } ?? IndexLayout.magicByteCount + postingsByteCount
  }

  /// Bytes of memory held, about.
  var byteCount: Int {
    blocks.count * (MemoryLayout<Block>.stride + 8) + separators.count + 256
  }

  mutating func append(separator: UnsafeRawBufferPointer, byteCount: Int, documentSum: Int) {
    blocks.append(
      Block(
        offset: dictionaryEnd, byteCount: byteCount, documentSum: self.documentSum + documentSum))
    separators.append(contentsOf: separator)
    separatorEnds.append(separators.count)
  }

  private func separatorRange(_ block: Int) -> Range<Int> {
    (block == 0 ? 0 : separatorEnds[block - 1])..<separatorEnds[block]
  }

  /// The block that holds a term if any does; nil if there are no terms.
  func block(of term: UnsafeRawBufferPointer) -> Int? {
    guard !blocks.isEmpty else { return nil }
    return separators.withUnsafeBytes { separators in
      var low = 0
      var high = blocks.count
      // The separator of `low` is not after the term, that of `high` is.
      while high - low > 1 {
        let middle = (low + high) / 2
        let separator = UnsafeRawBufferPointer(rebasing: separators[separatorRange(middle)])
        if compareBytes(separator, term) <= 0 { low = middle } else { high = middle }
      }
      return low
    }
  }

  // MARK: Coding

  func encode() -> [UInt8] {
    var writer = ByteWriter()
    for byte in type.indexCode { writer.append(byte) }
    writer.append(options.parser.rawValue)
    writer.append(UInt8((options.lowerCase ? 1 : 0) + (options.supportPhrase ? 2 : 0)))
    for number in [
      options.ignoreAbove, rowCount, termCount, postingsByteCount, nulls.rowCount,
      nulls.byteCount, ignored.rowCount, ignored.byteCount, blocks.count,
    ] {
      writer.appendVarint(UInt64(number))
    }
    var previousSum = 0
    for (index, block) in blocks.enumerated() {
      let separator = separators[separatorRange(index)]
      writer.appendVarint(UInt64(separator.count))
      writer.append(contentsOf: Array(separator))
      writer.appendVarint(UInt64(block.byteCount))
      writer.appendVarint(UInt64(block.documentSum - previousSum))
      previousSum = block.documentSum
    }
    let footerByteCount = writer.count
    writer.append(UInt32(footerByteCount))
    writer.append(isPacked ? IndexLayout.packedFeature : 0)
    writer.append(IndexLayout.formatVersion)
    writer.append(contentsOf: [0, 0, 0])
    writer.appendChecksum()
    writer.append(IndexLayout.magic)
    return writer.bytes
  }

  /// Reads what `encode` wrote, without the trailer.
  /// - Parameter dataEnd: where the footer begins, so where everything else ends.
  init(decoding reader: inout ByteReader, dataEnd: Int, features: UInt32) throws {
    isPacked = features & IndexLayout.packedFeature != 0
    let code = try (0..<3).map { _ in try reader.read(UInt8.self, "column type") }
    guard let type = DataType(indexCode: code) else {
      throw reader.corrupt("column type", expected: "a known type", found: "\(code)")
    }
    let parserCode = try reader.read(UInt8.self, "parser")
    guard let parser = IndexParser(rawValue: parserCode) else {
      throw reader.corrupt("parser", expected: "a known one", found: "\(parserCode)")
    }
    let flags = try reader.read(UInt8.self, "flags")
    let ignoreAbove = try reader.readCount(
      "ignore_above", atMost: IndexOptions.ignoreAboveRange.upperBound)
    self.type = type
    options = IndexOptions(
      parser: parser, lowerCase: flags & 1 != 0, supportPhrase: flags & 2 != 0,
      ignoreAbove: ignoreAbove)
    let isKnown =
      flags == (options.lowerCase ? 1 : 0) + (options.supportPhrase ? 2 : 0)
      && (type == .string || parser == .none) && ignoreAbove > 0
    guard isKnown else {
      throw reader.corrupt("options", expected: "ones that apply", found: "flags \(flags)")
    }
    rowCount = try reader.readCount("row count", atMost: Limits.segmentRowCountMax)
    termCount = try reader.readCount("term count", atMost: dataEnd)
    postingsByteCount = try reader.readCount(
      "postings", atMost: dataEnd - IndexLayout.magicByteCount)
    nulls.rowCount = try reader.readCount("null count", atMost: rowCount)
    nulls.byteCount = try reader.readCount("null bytes", atMost: dataEnd)
    ignored.rowCount = try reader.readCount(
      "ignored count", atMost: rowCount - nulls.rowCount)
    ignored.byteCount = try reader.readCount("ignored bytes", atMost: dataEnd)
    let blockCount = try reader.readCount("block count", atMost: reader.remaining)
    for _ in 0..<blockCount { try decodeBlock(&reader, dataEnd: dataEnd) }
    try reader.requireEnd("footer")
    nulls.offset = dictionaryEnd
    ignored.offset = nulls.offset + nulls.byteCount
    guard ignored.offset + ignored.byteCount == dataEnd else {
      throw reader.corrupt(
        "layout", expected: "\(dataEnd) bytes", found: "\(ignored.offset + ignored.byteCount)")
    }
  }

  init(type: DataType, options: IndexOptions, rowCount: Int) {
    isPacked = true
    self.type = type
    self.options = options
    self.rowCount = rowCount
    termCount = 0
    postingsByteCount = 0
  }

  private mutating func decodeBlock(_ reader: inout ByteReader, dataEnd: Int) throws {
    let length = try reader.readCount(
      "separator length", atMost: IndexOptions.ignoreAboveRange.upperBound)
    let separator = try reader.readBytes(length, "separator")
    let byteCount = try reader.readCount("block bytes", atMost: dataEnd - dictionaryEnd)
    let sum = try reader.readCount("document sum", atMost: Self.documentSumMax - documentSum)
    if let last = blocks.indices.last {
      let isAscending = separators.withUnsafeBytes { known in
        compareBytes(
          UnsafeRawBufferPointer(rebasing: known[separatorRange(last)]), separator) < 0
      }
      guard isAscending else {
        throw reader.corrupt("separator", expected: "one after the last", found: "one before")
      }
    } else if length != 0 {
      throw reader.corrupt("first separator", expected: "empty", found: "\(length) bytes")
    }
    append(separator: separator, byteCount: byteCount, documentSum: sum)
  }
}

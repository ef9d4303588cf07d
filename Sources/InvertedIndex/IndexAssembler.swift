import ScanKernels
import StorageBase

/// Writes an index from terms that come in order: the second half of building and of merging. The
/// same terms, rows and positions give the same bytes, wherever they come from. Not thread-safe.
///
/// Postings go to the sink at once; the dictionary, which is small, is held until the end.
final class IndexAssembler {
  private let sink: any IndexSink
  private var footer: IndexFooter
  private let encoder: PostingsEncoder
  private let dictionary = ByteBuffer()
  private let stored = ByteBuffer()

  /// The block being filled.
  private let entries = ByteBuffer()
  private var entryCount = 0
  private var restarts: [UInt16] = []
  private var blockDocumentSum = 0
  private var blockPostingsOffset = 0
  /// Shortest byte string between the last term of the block before and the first of this.
  private var separator: [UInt8] = []
  private var previousTerm: [UInt8] = []

  /// - Parameter options: applied to the type.
  init(type: DataType, options: IndexOptions, rowCount: Int, sink: any IndexSink) throws {
    self.sink = sink
    encoder = PostingsEncoder(rowCount: rowCount)
    footer = IndexFooter(type: type, options: options, rowCount: rowCount)
    blockPostingsOffset = IndexLayout.magicByteCount
    try withUnsafeBytes(of: IndexLayout.magic.littleEndian) { try sink.append($0) }
  }

  /// - Precondition: the term is after the last one, and the postings are not empty.
  func append(_ term: UnsafeRawBufferPointer, _ postings: PostingList) throws {
    let shared = previousTerm.withUnsafeBytes { commonPrefixCount($0, term) }
    precondition(footer.termCount == 0 || shared < term.count, "terms out of order")
    if entryCount == 0 {
      separator = footer.termCount == 0 ? [] : Array(term.prefix(shared + 1))
    }
    stored.removeAll()
    let form = encoder.appendRows(of: postings, to: stored)
    let rowByteCount = stored.count
    if footer.options.supportPhrase { encoder.appendPositions(of: postings, to: stored) }

    let isRestart = entryCount % IndexLayout.restartInterval == 0
    if isRestart {
      restarts.append(UInt16(entries.count))
      entries.appendVarint(
        IndexLayout.magicByteCount + footer.postingsByteCount - blockPostingsOffset)
    }
    let sharedCount = isRestart ? 0 : shared
    entries.appendVarint(sharedCount)
    entries.appendVarint(term.count - sharedCount)
    entries.append(UnsafeRawBufferPointer(rebasing: term[sharedCount...]))
    entries.appendVarint(postings.rows.count)
    entries.appendVarint(4 * rowByteCount + form.rawValue)
    if footer.options.supportPhrase { entries.appendVarint(stored.count - rowByteCount) }
    if stored.count <= IndexLayout.inlineByteCountMax {
      entries.append(stored.bytes)
    } else {
      stored.seal()
      try sink.append(stored.bytes)
      footer.postingsByteCount += stored.count
    }
    footer.termCount += 1
    blockDocumentSum += postings.rows.count
    entryCount += 1
    previousTerm.removeAll(keepingCapacity: true)
    previousTerm.append(contentsOf: term)
    if entries.count >= IndexLayout.blockByteCountTarget { closeBlock() }
  }

  private func closeBlock() {
    guard entryCount > 0 else { return }
    let start = dictionary.count
    dictionary.appendVarint(blockPostingsOffset)
    dictionary.appendVarint(entryCount)
    dictionary.append(entries.bytes)
    for restart in restarts { dictionary.append(restart) }
    dictionary.seal(from: start)
    separator.withUnsafeBytes {
      footer.append(
        separator: $0, byteCount: dictionary.count - start, documentSum: blockDocumentSum)
    }
    entries.removeAll()
    entryCount = 0
    restarts.removeAll(keepingCapacity: true)
    blockDocumentSum = 0
    blockPostingsOffset = IndexLayout.magicByteCount + footer.postingsByteCount
  }

  /// Writes the dictionary and what follows it.
  /// - Parameters:
  ///   - nulls: ascending rows that are null.
  ///   - ignored: ascending rows whose string is too long to be a term.
  func finish(nulls: [UInt32], ignored: [UInt32]) throws -> IndexSummary {
    closeBlock()
    // Offsets of blocks are reckoned from the end of the postings, known only now.
    for index in footer.blocks.indices {
      footer.blocks[index].offset =
        index == 0
        ? IndexLayout.magicByteCount + footer.postingsByteCount
        : footer.blocks[index - 1].offset + footer.blocks[index - 1].byteCount
    }
    try sink.append(dictionary.bytes)
    footer.nulls = try appendRows(nulls)
    footer.ignored = try appendRows(ignored)
    let end = footer.encode()
    try end.withUnsafeBytes { try sink.append($0) }
    let dataByteCount =
      footer.dictionaryEnd + footer.nulls.byteCount + footer.ignored.byteCount
    return IndexSummary(
      rowCount: footer.rowCount, nullCount: nulls.count, ignoredCount: ignored.count,
      termCount: footer.termCount, documentSum: footer.documentSum,
      byteCount: dataByteCount + end.count, postingsByteCount: footer.postingsByteCount,
      dictionaryByteCount: dictionary.count)
  }

  private func appendRows(_ rows: [UInt32]) throws -> IndexFooter.RowBlock {
    guard !rows.isEmpty else { return IndexFooter.RowBlock() }
    stored.removeAll()
    RoaringEncoding.append(rows, to: stored)
    stored.seal()
    try sink.append(stored.bytes)
    return IndexFooter.RowBlock(rowCount: rows.count, byteCount: stored.count)
  }
}

/// How many bytes two byte strings have in common from their start.
func commonPrefixCount(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let limit = min(a.count, b.count)
  var count = 0
  while count < limit, a[count] == b[count] { count &+= 1 }
  return count
}

import StorageBase
import StorageIO

/// An inverted index, opened: only its footer is held, which has one short separator for every
/// 4 KiB of dictionary. Immutable and thread-safe.
///
/// Bytes on disk are checked when they are read; whatever they hold, a query answers or throws
/// `StorageError.corrupt`.
public final class InvertedIndexReader: Sendable {
  let file: any ReadableFile
  /// Where the index lies in the file.
  public let range: Range<UInt64>
  let footer: IndexFooter

  /// Reads the footer: one read, two if it is long.
  /// - Parameters:
  ///   - file: stays open as long as the reader lives.
  ///   - range: the bytes of the index in it; all of them if nil.
  /// - Throws: `StorageError.corrupt`, `unsupportedFormat`, or what the file throws.
  public init(_ file: any ReadableFile, range: Range<UInt64>? = nil) throws {
    self.file = file
    self.range = range ?? 0..<file.byteCount
    footer = try Self.readFooter(file, self.range)
  }

  public var type: DataType { footer.type }
  public var options: IndexOptions { footer.options }
  public var rowCount: Int { footer.rowCount }
  public var nullCount: Int { footer.nulls.rowCount }
  /// Rows whose term is longer than `IndexOptions.ignoreAbove`.
  public var ignoredCount: Int { footer.ignored.rowCount }
  public var termCount: Int { footer.termCount }
  /// Bytes of memory that the reader holds, about.
  public var memoryByteCount: Int { footer.byteCount }

  func corrupt(_ what: String, at offset: Int, expected: String, found: String) -> StorageError {
    .corrupt(
      file: file.path, offset: range.lowerBound + UInt64(offset), what: what, expected: expected,
      found: found)
  }

  func malformedBlock(_ block: Int) -> StorageError {
    corrupt(
      "dictionary block", at: footer.blocks[block].offset, expected: "ascending entries",
      found: "other bytes")
  }

  /// Bytes of the index, without their seal, after comparing it.
  private func sealed(
    _ what: String, at offset: Int, count: Int, work: inout IndexWork
  ) throws -> IndexBytes {
    guard count >= IndexLayout.checksumByteCount else {
      throw corrupt(what, at: offset, expected: "a checksum", found: "\(count) bytes")
    }
    let start = range.lowerBound + UInt64(offset)
    let data = try IndexBytes(file, start..<start + UInt64(count))
    work.bytes += count
    try data.withBytes { bytes in
      var reader = ByteReader(bytes, file: file.path, origin: start)
      _ = try reader.readBytes(count - IndexLayout.checksumByteCount, what)
      try reader.verifyChecksum(what)
    }
    return data
  }

  func dictionaryBlock(_ block: Int, work: inout IndexWork) throws -> DictionaryBlock {
    let place = footer.blocks[block]
    let data = try sealed(
      "dictionary block", at: place.offset, count: place.byteCount, work: &work)
    work.dictionaryBlocks += 1
    let context = DictionaryBlock.Context(
      hasPositions: options.supportPhrase, formBitCount: footer.isPacked ? 2 : 1,
      rowCount: rowCount,
      postingsEnd: IndexLayout.magicByteCount + footer.postingsByteCount)
    guard let parsed = DictionaryBlock(data, context) else { throw malformedBlock(block) }
    return parsed
  }

  /// What the dictionary says of a term: one block read, none if there are no terms.
  func entry(of term: [UInt8], work: inout IndexWork) throws -> TermEntry? {
    try term.withUnsafeBytes { term in
      guard let block = footer.block(of: term) else { return nil }
      var cursor = BlockCursor(try dictionaryBlock(block, work: &work))
      switch cursor.seek(term) {
      case .end: return nil
      case .malformed: throw malformedBlock(block)
      case .entry: return cursor.term.elementsEqual(term) ? cursor.entry : nil
      }
    }
  }

  /// The null rows or the ignored ones.
  func rowSet(_ block: IndexFooter.RowBlock, work: inout IndexWork) throws -> RowSet {
    guard block.rowCount > 0 else { return RowSet() }
    let data = try sealed("row set", at: block.offset, count: block.byteCount, work: &work)
    let set = data.withBytes { bytes in
      RoaringEncoding.decode(
        UnsafeRawBufferPointer(rebasing: bytes.dropLast(IndexLayout.checksumByteCount)),
        count: block.rowCount, rowCount: rowCount)
    }
    guard let set else {
      throw corrupt(
        "row set", at: block.offset, expected: "\(block.rowCount) rows", found: "other bytes")
    }
    return set
  }

  /// Where the rows and positions of a term lie: in `data` from `start` on. `offset` is for errors.
  private func postings(
    of entry: TermEntry, work: inout IndexWork
  ) throws -> (data: IndexBytes, start: Int, offset: Int) {
    switch entry.place {
    case .inline(let start): return (entry.block, start, 0)
    case .stored(let offset):
      let count = entry.rowByteCount + entry.positionByteCount + IndexLayout.checksumByteCount
      return (try sealed("postings", at: offset, count: count, work: &work), 0, offset)
    }
  }

  private func malformedPostings(_ entry: TermEntry, at offset: Int) -> StorageError {
    corrupt(
      "postings", at: offset, expected: "\(entry.documentCount) rows", found: "other bytes")
  }

  /// Calls `body` with the bytes of the rows and of the positions of a term. Nil from it means that
  /// they are not what the format says.
  func withPostings<R>(
    of entry: TermEntry, work: inout IndexWork,
    _ body: (_ rows: UnsafeRawBufferPointer, _ positions: UnsafeRawBufferPointer) -> R?
  ) throws -> R {
    let total = entry.rowByteCount + entry.positionByteCount
    let (data, start, offset) = try postings(of: entry, work: &work)
    let result = data.withBytes { bytes in
      let split = start + entry.rowByteCount
      return body(
        UnsafeRawBufferPointer(rebasing: bytes[start..<split]),
        UnsafeRawBufferPointer(rebasing: bytes[split..<start + total]))
    }
    guard let result else { throw malformedPostings(entry, at: offset) }
    return result
  }

  /// The rows of a term as a bitmap, and its positions.
  func phraseWord(of entry: TermEntry, work: inout IndexWork) throws -> PhraseWord {
    work.postings += 1
    work.positions += 1
    let (data, start, offset) = try postings(of: entry, work: &work)
    let split = start + entry.rowByteCount
    let bitmap = data.withBytes { bytes in
      PostingsDecoder.bitmap(
        UnsafeRawBufferPointer(rebasing: bytes[start..<split]), form: entry.form,
        count: entry.documentCount, rowCount: rowCount)
    }
    let positions = Self.positions(
      data, split..<split + entry.positionByteCount, count: entry.documentCount,
      isPacked: footer.isPacked)
    guard let bitmap, let positions else { throw malformedPostings(entry, at: offset) }
    return PhraseWord(rows: RankedRows(bitmap), positions: positions)
  }

  /// The rows of a term and its positions in all of them, for merges and comparisons.
  func occurrences(
    of entry: TermEntry, work: inout IndexWork
  ) throws -> (rows: [UInt32], positions: PostingsDecoder.Positions?) {
    work.postings += 1
    let (data, start, offset) = try postings(of: entry, work: &work)
    let split = start + entry.rowByteCount
    let rows = data.withBytes { bytes in
      PostingsDecoder.rows(
        UnsafeRawBufferPointer(rebasing: bytes[start..<split]), form: entry.form,
        count: entry.documentCount, rowCount: rowCount)
    }
    guard let rows else { throw malformedPostings(entry, at: offset) }
    guard options.supportPhrase else { return (rows, nil) }
    work.positions += 1
    let positions = Self.positions(
      data, split..<split + entry.positionByteCount, count: rows.count, isPacked: footer.isPacked)
    switch positions {
    case .listed(let listed)?: return (rows, listed)
    case .packed(let packed)?:
      guard let all = packed.all() else { throw malformedPostings(entry, at: offset) }
      return (rows, all)
    case nil: throw malformedPostings(entry, at: offset)
    }
  }

  private static func positions(
    _ data: IndexBytes, _ range: Range<Int>, count: Int, isPacked: Bool
  ) -> WordPositions? {
    if isPacked { return PackedPositions(data, range, rowCount: count).map { .packed($0) } }
    return data.withBytes { bytes in
      PostingsDecoder.positions(UnsafeRawBufferPointer(rebasing: bytes[range]), count: count)
        .map { .listed($0) }
    }
  }

  func rowSet(of entry: TermEntry, work: inout IndexWork) throws -> RowSet {
    work.postings += 1
    return try withPostings(of: entry, work: &work) { rows, _ in
      PostingsDecoder.rowSet(
        rows, form: entry.form, count: entry.documentCount, rowCount: rowCount)
    }
  }
}

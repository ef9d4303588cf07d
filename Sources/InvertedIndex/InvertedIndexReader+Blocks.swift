import StorageBase

extension InvertedIndexReader {
  /// Where the dictionary's blocks and the sets of rows lie in the index, each with its checksum at
  /// the end: for whoever looks at its bytes.
  public var dictionaryRanges: [Range<Int>] {
    let blocks = footer.blocks.map { $0.offset..<$0.offset + $0.byteCount }
    let sets = [footer.nulls, footer.ignored].filter { $0.rowCount > 0 }
    return blocks + sets.map { $0.offset..<$0.offset + $0.byteCount }
  }

  /// Where stored postings lie, each with its checksum at the end.
  /// - Throws: `StorageError.corrupt` for a dictionary that is not understood, or what the file
  ///   throws.
  public func postingsRanges() throws -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var work = IndexWork()
    var terms = TermCursor(self)
    while try terms.next(work: &work) {
      guard let entry = terms.entry, case .stored(let offset) = entry.place else { continue }
      let byteCount = entry.rowByteCount + entry.positionByteCount
      ranges.append(offset..<offset + byteCount + IndexLayout.checksumByteCount)
    }
    return ranges
  }
}

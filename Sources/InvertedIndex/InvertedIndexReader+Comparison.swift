import StorageBase

extension InvertedIndexReader {
  /// Where the index differs from another in what it says, in words; nil if it does not. Reads all
  /// of both, so that it also checks every byte. How things are encoded may differ.
  /// - Throws: `StorageError.corrupt`, or what the files throw.
  public func difference(from other: InvertedIndexReader) throws -> String? {
    guard type == other.type, options == other.options, rowCount == other.rowCount else {
      return
        "\(rowCount) rows of \(type), \(options); expected \(other.rowCount) of \(other.type), "
        + "\(other.options)"
    }
    var work = IndexWork()
    for (name, mine, theirs) in [
      ("null", footer.nulls, other.footer.nulls), ("ignored", footer.ignored, other.footer.ignored),
    ] {
      let rows = try rowSet(mine, work: &work)
      if rows != (try other.rowSet(theirs, work: &work)) { return "other rows are \(name)" }
    }
    var (terms, otherTerms) = (TermCursor(self), TermCursor(other))
    var termCount = 0
    while true {
      let isLeft = try terms.next(work: &work)
      guard try otherTerms.next(work: &work) == isLeft else {
        return "\(isLeft ? "more" : "fewer") terms than expected after \(termCount)"
      }
      guard isLeft, let entry = terms.entry, let otherEntry = otherTerms.entry else { break }
      termCount += 1
      let term = String(decoding: terms.term, as: UTF8.self)
      guard terms.term == otherTerms.term else {
        return "term \(term), expected \(String(decoding: otherTerms.term, as: UTF8.self))"
      }
      let mine = try occurrences(of: entry, work: &work)
      let theirs = try other.occurrences(of: otherEntry, work: &work)
      guard mine.rows == theirs.rows, mine.positions == theirs.positions else {
        return "term \(term) has other rows or positions"
      }
    }
    return termCount == footer.termCount
      ? nil : "\(termCount) terms, the footer says \(footer.termCount)"
  }
}

import ScanKernels

/// The deleted rows of a segment, seen from one version of its tablet. Immutable.
public struct DeletedRows: Sendable {
  /// Set for deleted rows. It may be shorter than the segment: rows behind its end are live.
  let bitmap: Bitmap
  /// How many rows are deleted.
  public let count: Int

  init(_ bitmap: Bitmap, count: Int) {
    self.bitmap = bitmap
    self.count = count
  }

  public func contains(_ row: Int) -> Bool { row < bitmap.count && bitmap[row] }

  /// How many rows of a range are deleted.
  public func count(in range: Range<Int>) -> Int {
    var total = 0
    forEachWord(of: range) { _, deleted, _ in total &+= deleted.nonzeroBitCount }
    return total
  }

  /// The rows of a range that are not deleted, the first one at bit 0; nil when all of them are
  /// not.
  public func live(in range: Range<Int>) -> Bitmap? {
    var deletedBits: UInt64 = 0
    let words = bitmap.words
    // Pages begin at whole words, mostly: then nothing has to be shifted.
    let whole = range.lowerBound & 63 == 0 ? range.count >> 6 : 0
    let first = range.lowerBound >> 6
    let known = max(0, min(whole, words.count - first))
    for index in 0..<known { deletedBits |= words[first &+ index] }
    let rest = range.lowerBound + whole << 6..<range.upperBound
    forEachWord(of: rest) { _, deleted, _ in deletedBits |= deleted }
    if deletedBits == 0 { return nil }
    let live = Bitmap(count: range.count)
    let target = live.mutableWords
    for index in 0..<known { target[index] = ~words[first &+ index] }
    for index in known..<whole { target[index] = ~0 }
    forEachWord(of: rest) { index, deleted, mask in target[whole + index] = ~deleted & mask }
    return live
  }

  /// Clears the deleted rows of a range in a selection, whose bit `i` stands for its row `i`.
  public func remove(from selection: Bitmap, of range: Range<Int>) {
    precondition(selection.count == range.count)
    let target = selection.mutableWords
    forEachWord(of: range) { index, deleted, _ in target[index] &= ~deleted }
  }

  /// Calls `body` for every 64 rows of a range with their place, the deleted ones among them, and
  /// the bits that are rows.
  @inline(__always)
  private func forEachWord(
    of range: Range<Int>, _ body: (_ index: Int, _ deleted: UInt64, _ mask: UInt64) -> Void
  ) {
    let words = bitmap.words
    let shift = UInt64(range.lowerBound & 63)
    var source = range.lowerBound >> 6
    var left = range.count
    var index = 0
    while left > 0 {
      var deleted: UInt64 = source < words.count ? words[source] >> shift : 0
      if shift > 0, source + 1 < words.count { deleted |= words[source + 1] << (64 - shift) }
      let mask = left >= 64 ? ~0 : (1 as UInt64) << UInt64(left) - 1
      body(index, deleted & mask, mask)
      index += 1
      source += 1
      left -= 64
    }
  }
}

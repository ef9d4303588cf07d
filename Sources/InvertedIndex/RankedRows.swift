import ScanKernels

/// Rows as a bitmap, with how many come before each word of it: whether a row is in it, and at
/// which place in ascending order, takes the same few steps for every row. Immutable and
/// thread-safe.
struct RankedRows: @unchecked Sendable {
  /// Has as many bits as whole containers of a roaring bitmap need.
  let bitmap: Bitmap
  private let ranks: AlignedBuffer

  /// Addresses into the rows, which must be held meanwhile.
  struct Cursor {
    fileprivate let words: UnsafePointer<UInt64>
    fileprivate let ranks: UnsafePointer<UInt32>

    @inline(__always) func contains(_ row: Int) -> Bool {
      words[row &>> 6] &>> UInt64(row & 63) & 1 != 0
    }

    /// How many rows are before this one.
    @inline(__always) func rank(_ row: Int) -> Int {
      let below = words[row &>> 6] & (1 &<< UInt64(row & 63) &- 1)
      return Int(ranks[row &>> 6]) &+ below.nonzeroBitCount
    }
  }

  init(_ bitmap: Bitmap) {
    self.bitmap = bitmap
    ranks = AlignedBuffer(byteCount: bitmap.wordCount * 4)
    let target = ranks.mutableValues(as: UInt32.self)
    var total: UInt32 = 0
    for (index, word) in bitmap.words.enumerated() {
      target[index] = total
      total &+= UInt32(truncatingIfNeeded: word.nonzeroBitCount)
    }
  }

  var cursor: Cursor {
    Cursor(
      words: bitmap.words.baseAddress.unsafelyUnwrapped,
      ranks: ranks.values(as: UInt32.self).baseAddress.unsafelyUnwrapped)
  }

  /// A bitmap for the rows of a segment, without rows.
  static func emptyBitmap(rowCount: Int) -> Bitmap {
    Bitmap(count: max(1, rowCount.ceilingDivision(by: 1 << 16)) << 16)
  }
}

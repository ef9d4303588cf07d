import CRoaring
import ScanKernels

extension RowSet {
  /// Rows read at once from the bitmap.
  private static let batchCount = 256

  /// The rows of a range, such as those of a page, as a selection of its own: bit `i` stands for
  /// row `range.lowerBound + i`. Nil when none of them is in the set. Linear in the rows set and
  /// the words of the range.
  public func bitmap(of range: Range<Int>) -> Bitmap? {
    guard let first = UInt32(exactly: range.lowerBound), !range.isEmpty else { return nil }
    return withBitmap { bitmap in
      var left = Int(
        roaring_bitmap_range_cardinality(
          bitmap, UInt64(range.lowerBound), UInt64(range.upperBound)))
      if left == 0 { return nil }
      let result = Bitmap(count: range.count)
      let words = result.mutableWords
      var iterator = roaring_uint32_iterator_t()
      roaring_init_iterator(bitmap, &iterator)
      roaring_move_uint32_iterator_equalorlarger(&iterator, first)
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.batchCount) { batch in
        while left > 0 {
          let count = roaring_read_uint32_iterator(
            &iterator, batch.baseAddress, UInt32(min(left, Self.batchCount)))
          for row in batch[..<Int(count)] {
            let bit = Int(row &- first)
            words[bit &>> 6] |= 1 &<< UInt64(bit & 63)
          }
          left -= Int(count)
        }
      }
      return result
    }
  }

  /// How many rows of a range are in the set, without making a selection.
  public func count(in range: Range<Int>) -> Int {
    guard !range.isEmpty, range.lowerBound >= 0 else { return 0 }
    return withBitmap {
      Int(roaring_bitmap_range_cardinality($0, UInt64(range.lowerBound), UInt64(range.upperBound)))
    }
  }

  /// The rows whose bits are set; bit `i` stands for row `firstRow + i`.
  public init(_ bitmap: Bitmap, firstRow: Int = 0) {
    var rows: [UInt32] = []
    rows.reserveCapacity(bitmap.setCount)
    bitmap.forEachSet { rows.append(UInt32(firstRow + $0)) }
    self.init(rows)
  }
}

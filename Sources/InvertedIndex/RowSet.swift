import CRoaring
import ScanKernels

/// A set of rows of one segment, compressed: a roaring bitmap (Lemire et al., "Roaring Bitmaps:
/// Implementation of an Optimized Software Library", 2018). Immutable and thread-safe.
///
/// Set operations cost about the smaller or the sum of the compressed sizes, not of the rows.
public struct RowSet: Sendable {
  /// Owns the bitmap of the library, which nobody changes once it is in here.
  private final class Storage: @unchecked Sendable {
    let bitmap: UnsafeMutablePointer<roaring_bitmap_t>
    init(_ bitmap: UnsafeMutablePointer<roaring_bitmap_t>) { self.bitmap = bitmap }
    deinit { roaring_bitmap_free(bitmap) }
  }

  private let storage: Storage

  /// Takes over a bitmap, which the library returns as nil only if there is no memory.
  init(taking bitmap: UnsafeMutablePointer<roaring_bitmap_t>?) {
    guard let bitmap else { preconditionFailure("no memory for a row set") }
    storage = Storage(bitmap)
  }

  /// No rows.
  public init() { self.init(taking: roaring_bitmap_create()) }

  /// Rows in any order; repeated ones count once.
  public init(_ rows: [UInt32]) {
    self.init(
      taking: rows.withUnsafeBufferPointer { buffer in
        roaring_bitmap_of_ptr(buffer.count, buffer.baseAddress)
      })
  }

  /// All rows of a range.
  /// - Precondition: the bounds are not negative and at most 2^32.
  public init(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= 1 << 32)
    self.init(
      taking: range.isEmpty
        ? roaring_bitmap_create()
        : roaring_bitmap_from_range(UInt64(range.lowerBound), UInt64(range.upperBound), 1))
  }

  public var count: Int {
    withBitmap { Int(roaring_bitmap_get_cardinality($0)) }
  }

  public var isEmpty: Bool { withBitmap { roaring_bitmap_is_empty($0) } }

  /// Logarithmic; not for loops over rows.
  public func contains(_ row: Int) -> Bool {
    guard let row = UInt32(exactly: row) else { return false }
    return withBitmap { roaring_bitmap_contains($0, row) }
  }

  /// Bytes of the compressed form, about those of memory held.
  public var byteCount: Int { withBitmap { roaring_bitmap_portable_size_in_bytes($0) } }

  public func union(_ other: RowSet) -> RowSet { combine(other, roaring_bitmap_or) }

  public func intersection(_ other: RowSet) -> RowSet { combine(other, roaring_bitmap_and) }

  /// The rows that are not in `other`.
  public func subtracting(_ other: RowSet) -> RowSet { combine(other, roaring_bitmap_andnot) }

  /// How many rows both have, without making the set.
  public func intersectionCount(_ other: RowSet) -> Int {
    withBitmap { mine in
      other.withBitmap { Int(roaring_bitmap_and_cardinality(mine, $0)) }
    }
  }

  /// All rows, ascending.
  public var rows: [UInt32] {
    withBitmap { bitmap in
      let count = Int(roaring_bitmap_get_cardinality(bitmap))
      return [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
        if count > 0 { roaring_bitmap_to_uint32_array(bitmap, buffer.baseAddress) }
        initialized = count
      }
    }
  }

  /// Calls `body` with the bitmap of the library, for reading.
  func withBitmap<R, E: Error>(
    _ body: (UnsafeMutablePointer<roaring_bitmap_t>) throws(E) -> R
  ) throws(E) -> R {
    try withExtendedLifetime(storage) { () throws(E) -> R in try body(storage.bitmap) }
  }

  private func combine(
    _ other: RowSet,
    _ operation: (
      UnsafePointer<roaring_bitmap_t>?, UnsafePointer<roaring_bitmap_t>?
    ) -> UnsafeMutablePointer<roaring_bitmap_t>?
  ) -> RowSet {
    withBitmap { mine in
      other.withBitmap { RowSet(taking: operation(mine, $0)) }
    }
  }
}

extension RowSet: Equatable {
  public static func == (a: RowSet, b: RowSet) -> Bool {
    a.withBitmap { mine in b.withBitmap { roaring_bitmap_equals(mine, $0) } }
  }
}

import CRoaring

/// Gathers the union of many postings. Not thread-safe.
final class RowSetCollector {
  private let bitmap: UnsafeMutablePointer<roaring_bitmap_t>

  init() {
    guard let created = roaring_bitmap_create() else {
      preconditionFailure("no memory for a row set")
    }
    bitmap = created
  }

  deinit { roaring_bitmap_free(bitmap) }

  func formUnion(_ rows: [UInt32]) {
    rows.withUnsafeBufferPointer { roaring_bitmap_add_many(bitmap, $0.count, $0.baseAddress) }
  }

  func formUnion(_ set: RowSet) { set.withBitmap { roaring_bitmap_or_inplace(bitmap, $0) } }

  /// The rows gathered so far.
  func result() -> RowSet { RowSet(taking: roaring_bitmap_copy(bitmap)) }
}

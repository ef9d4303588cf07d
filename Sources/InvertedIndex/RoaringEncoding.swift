import CRoaring

/// Row sets as bytes: the portable serialisation of the Roaring format specification.
enum RoaringEncoding {
  /// Appends ascending rows, with run containers where these are smaller.
  static func append(_ rows: [UInt32], to buffer: ByteBuffer) {
    let set = RowSet(rows)
    set.withBitmap { bitmap in
      // Nobody else has the set yet, so it may still change its containers.
      _ = roaring_bitmap_run_optimize(bitmap)
      let target = buffer.extend(by: roaring_bitmap_portable_size_in_bytes(bitmap))
      _ = roaring_bitmap_portable_serialize(bitmap, target.assumingMemoryBound(to: CChar.self))
    }
  }

  /// The set of `count` rows below `rowCount` that `bytes` holds; nil if they do not.
  ///
  /// The library trusts what it reads, so every container is checked first: an array out of order
  /// or a run past the end would corrupt memory later.
  static func decode(_ bytes: UnsafeRawBufferPointer, count: Int, rowCount: Int) -> RowSet? {
    guard RoaringCheck.isValid(bytes, count: count, rowCount: rowCount) else { return nil }
    let bitmap = roaring_bitmap_portable_deserialize_safe(
      bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    return bitmap.map { RowSet(taking: $0) }
  }
}

import CRoaring
import ScanKernels

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

  private static let cookieWithoutRuns: UInt32 = 12_346
  private static let arrayCountMax = 4096

  /// The set of ascending rows, by way of its bytes: several times as fast as adding the rows. Nil
  /// if there is no memory.
  static func rowSet(ofAscending rows: [UInt32]) -> RowSet? {
    if rows.isEmpty { return RowSet() }
    var containers: [Range<Int>] = []
    rows.withUnsafeBufferPointer { rows in
      var start = 0
      while start < rows.count {
        let key = rows[start] >> 16
        var end = start + 1
        while end < rows.count, rows[end] &>> 16 == key { end &+= 1 }
        containers.append(start..<end)
        start = end
      }
    }
    let buffer = ByteBuffer(capacity: rows.count * 2 + containers.count * 8 + 8)
    buffer.append(cookieWithoutRuns)
    buffer.append(UInt32(containers.count))
    for container in containers {
      buffer.append(UInt16(rows[container.lowerBound] >> 16))
      buffer.append(UInt16(container.count - 1))
    }
    var offset = buffer.count + containers.count * 4
    for container in containers {
      buffer.append(UInt32(offset))
      offset += container.count > arrayCountMax ? 8192 : container.count * 2
    }
    for container in containers { append(rows[container], to: buffer) }
    let bitmap = roaring_bitmap_portable_deserialize_safe(
      buffer.base.assumingMemoryBound(to: CChar.self), buffer.count)
    return bitmap.map { RowSet(taking: $0) }
  }

  /// Appends one container.
  private static func append(_ rows: ArraySlice<UInt32>, to buffer: ByteBuffer) {
    rows.withUnsafeBufferPointer { rows in
      if rows.count > arrayCountMax {
        let words = buffer.extend(by: 8192)
        words.initializeMemory(as: UInt8.self, repeating: 0, count: 8192)
        for row in rows {
          let place = Int(row & 0xFFFF) &>> 6 &* 8
          let word = words.loadUnaligned(fromByteOffset: place, as: UInt64.self)
          words.storeBytes(
            of: word | 1 &<< UInt64(row & 63), toByteOffset: place, as: UInt64.self)
        }
      } else {
        let values = buffer.extend(by: rows.count * 2)
        for index in rows.indices {
          values.storeBytes(
            of: UInt16(truncatingIfNeeded: rows[index]), toByteOffset: index &* 2,
            as: UInt16.self)
        }
      }
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

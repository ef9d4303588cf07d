import CKernels
import ScanKernels

/// The rows of a term as bit-packed gaps (FORMAT.md, "Rows"): about two bits a row more than there
/// is information in rows at random places; an array of a roaring bitmap takes sixteen in all.
enum PackedRows {
  /// How many rows make a block; what is left makes a last, smaller one.
  private static let blockRowCount = Int(CK_BITPACK_BLOCK)

  /// Rows that there are at most for each byte, so that few bytes cannot make a reader take much
  /// memory; denser ones are in runs, which a roaring bitmap tells in fewer bytes.
  static let rowsPerByteMax = 16

  /// Appends ascending rows.
  /// - Parameter gaps: memory to work in.
  static func append(_ rows: [UInt32], to buffer: ByteBuffer, gaps: inout [UInt32]) {
    gaps.removeAll(keepingCapacity: true)
    var next: UInt32 = 0
    for row in rows {
      gaps.append(row &- next)
      next = row &+ 1
    }
    gaps.withUnsafeBufferPointer { gaps in
      for start in stride(from: 0, to: gaps.count, by: blockRowCount) {
        let block = UnsafeBufferPointer(
          rebasing: gaps[start..<min(gaps.count, start + blockRowCount)])
        let width = UInt32(32 - block.reduce(0, |).leadingZeroBitCount)
        buffer.append(UInt8(width))
        let target = buffer.extend(by: ck_packed_bytes(block.count, width))
        ck_pack32(block.baseAddress, block.count, width, 0, target)
      }
    }
  }

  /// Nil if the bytes are not `count` ascending rows below `rowCount`.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowCount: Int
  ) -> [UInt32]? {
    guard let prefix = ck_prefix_at(ck_level())?.pointee, count <= rowCount,
      count / rowsPerByteMax <= bytes.count
    else { return nil }
    var isGood = true
    // Kernels may write a vector behind the last row.
    let rows = [UInt32](unsafeUninitializedCapacity: count + 16) { rows, initializedCount in
      var position = 0
      var start = 0
      while start < count, isGood {
        let size = min(blockRowCount, count - start)
        guard position < bytes.count, bytes[position] <= 32 else {
          isGood = false
          break
        }
        let width = UInt32(bytes[position])
        let packed = ck_packed_bytes(size, width)
        guard bytes.count - position - 1 >= packed else {
          isGood = false
          break
        }
        let block = rows.baseAddress.unsafelyUnwrapped + start
        // A gap is one less than the distance from the row before; before the first is row -1.
        ck_unpack32(
          UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped) + position + 1, size, width, 1,
          block)
        prefix.sum_u32(block, size, start == 0 ? ~0 : rows[start - 1])
        isGood = ascends(block, size, after: start == 0 ? -1 : Int(rows[start - 1]))
        position += 1 + packed
        start += size
      }
      isGood = isGood && position == bytes.count && (count == 0 || rows[count - 1] < rowCount)
      initializedCount = count
    }
    return isGood ? rows : nil
  }

  /// Sums that overflowed do not ascend.
  private static func ascends(
    _ rows: UnsafePointer<UInt32>, _ count: Int, after last: Int
  ) -> Bool {
    guard Int(rows[0]) > last else { return false }
    var disorder: UInt32 = 0
    for index in 1..<max(1, count) { disorder |= rows[index &- 1] < rows[index] ? 0 : 1 }
    return disorder == 0
  }
}

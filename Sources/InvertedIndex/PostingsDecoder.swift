import ScanKernels
import StorageBase

/// Reads the rows and positions of one term. Everything returns nil where the bytes are not what
/// FORMAT.md says, so that hostile ones do no harm.
enum PostingsDecoder {
  /// The positions of some rows: those of the i-th end at `ends[i]`, where the next ones begin.
  struct Positions: Equatable, Sendable {
    var ends: [Int] = []
    var values: [UInt32] = []

    @inline(__always) func range(_ index: Int) -> Range<Int> {
      (index == 0 ? 0 : ends[index &- 1])..<ends[index]
    }
  }

  static func rowSet(
    _ bytes: UnsafeRawBufferPointer, form: PostingsEncoder.Form, count: Int, rowCount: Int
  ) -> RowSet? {
    switch form {
    case .deltas: deltas(bytes, count: count, rowCount: rowCount).map { RowSet($0) }
    case .roaring: RoaringEncoding.decode(bytes, count: count, rowCount: rowCount)
    case .packed:
      PackedRows.decode(bytes, count: count, rowCount: rowCount).flatMap { rows in
        RoaringEncoding.rowSet(ofAscending: rows)
      }
    }
  }

  static func rows(
    _ bytes: UnsafeRawBufferPointer, form: PostingsEncoder.Form, count: Int, rowCount: Int
  ) -> [UInt32]? {
    switch form {
    case .deltas: deltas(bytes, count: count, rowCount: rowCount)
    case .roaring: RoaringEncoding.decode(bytes, count: count, rowCount: rowCount)?.rows
    case .packed: PackedRows.decode(bytes, count: count, rowCount: rowCount)
    }
  }

  static func bitmap(
    _ bytes: UnsafeRawBufferPointer, form: PostingsEncoder.Form, count: Int, rowCount: Int
  ) -> Bitmap? {
    let bitmap = RankedRows.emptyBitmap(rowCount: rowCount)
    if case .roaring = form {
      let isValid = RoaringCheck.isValid(bytes, count: count, rowCount: rowCount, setting: bitmap)
      return isValid ? bitmap : nil
    }
    guard let rows = rows(bytes, form: form, count: count, rowCount: rowCount) else { return nil }
    let words = bitmap.mutableWords
    for row in rows { words[Int(row &>> 6)] |= 1 &<< UInt64(row & 63) }
    return bitmap
  }

  private static func deltas(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowCount: Int
  ) -> [UInt32]? {
    guard count <= IndexLayout.deltaRowCountMax else { return nil }
    var scanner = VarintScanner(bytes)
    var rows: [UInt32] = []
    rows.reserveCapacity(count)
    var row = 0
    for index in 0..<count {
      guard let delta = scanner.varint(), index == 0 || delta > 0, delta < rowCount - row else {
        return nil
      }
      row += delta
      rows.append(UInt32(row))
    }
    return scanner.remaining == 0 ? rows : nil
  }

  /// The positions of all rows of an index whose positions are not packed.
  /// - Parameter count: the rows of the term.
  static func positions(_ bytes: UnsafeRawBufferPointer, count: Int) -> Positions? {
    let size = IndexLayout.positionGroupRowCount
    guard let starts = groupStarts(bytes, count: count.ceilingDivision(by: size)) else {
      return nil
    }
    var result = Positions()
    result.ends.reserveCapacity(count)
    for (group, start) in starts.enumerated() {
      var scanner = VarintScanner(bytes, at: start)
      for _ in group * size..<min(count, (group + 1) * size) {
        guard appendRow(&scanner, to: &result) else { return nil }
      }
    }
    return result
  }

  private static func groupStarts(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Int]? {
    var scanner = VarintScanner(bytes)
    var starts: [Int] = [0]
    // Every row takes a byte at least.
    guard count <= bytes.count else { return nil }
    for _ in 1..<max(1, count) {
      guard let length = scanner.varint(), length <= bytes.count else { return nil }
      starts.append(starts[starts.count - 1] + length)
    }
    let head = scanner.position
    for index in starts.indices { starts[index] += head }
    return starts[starts.count - 1] <= bytes.count ? starts : nil
  }

  @inline(__always) private static func appendRow(
    _ scanner: inout VarintScanner, to result: inout Positions
  ) -> Bool {
    guard let head = scanner.varint(), head >> 1 <= Limits.stringByteCountMax else { return false }
    var position = head >> 1
    result.values.append(UInt32(position))
    if head & 1 != 0 {
      guard let count = scanner.varint(), count > 0, count <= scanner.remaining else {
        return false
      }
      for _ in 0..<count {
        guard let delta = scanner.varint(), delta > 0,
          delta <= Limits.stringByteCountMax - position
        else { return false }
        position += delta
        result.values.append(UInt32(position))
      }
    }
    result.ends.append(result.values.count)
    return true
  }
}

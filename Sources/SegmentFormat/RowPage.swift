import StorageBase

/// A page of a row store, before compression, as borrowed memory whose checksum was right.
struct RowPage {
  private let base: UnsafeRawPointer
  private let rowCount: Int
  /// Bytes of the rows; behind them lies where all but the last of them end.
  private let rowsByteCount: Int

  /// - Precondition: the directory has the page with so many rows and bytes.
  @inline(__always)
  init(_ base: UnsafeRawPointer, byteCount: Int, rowCount: Int) {
    self.base = base
    self.rowCount = rowCount
    rowsByteCount = byteCount &- 2 &* (rowCount &- 1)
  }

  /// Where it stands how the row before `index` ends.
  @inline(__always)
  func endPlace(before index: Int) -> UnsafeRawPointer {
    base + (rowsByteCount &+ 2 &* max(0, index &- 1))
  }

  /// The bytes of a row; nil when the page has no such bytes.
  @inline(__always)
  func row(_ index: Int) -> UnsafeRawBufferPointer? {
    let ends = base + rowsByteCount
    let start = index == 0 ? 0 : end(ends, index &- 1)
    let end = index == rowCount &- 1 ? rowsByteCount : end(ends, index)
    guard start < end, end <= rowsByteCount else { return nil }
    return UnsafeRawBufferPointer(start: base + start, count: end &- start)
  }

  @inline(__always)
  private func end(_ ends: UnsafeRawPointer, _ index: Int) -> Int {
    Int(UInt16(littleEndian: ends.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)))
  }
}

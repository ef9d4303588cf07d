import CKernels
import ScanKernels
import StorageBase

/// The positions of a term in groups of rows, whose first positions are bit-packed, so that those
/// of any row are found without reading those before it (FORMAT.md, "Positions"). Immutable.
struct PackedPositions {
  /// Rows of a group.
  private static let groupRowCount = IndexLayout.positionGroupRowCount
  /// Bits of twice the greatest position and one.
  private static let widthMax = 22

  private let data: IndexBytes
  private let rowCount: Int
  /// Where the groups begin in `data`, and where the last one ends.
  private let bounds: [Int]

  /// - Parameter range: where the positions lie in `data`.
  /// Nil if there is no room for `rowCount` rows.
  init?(_ data: IndexBytes, _ range: Range<Int>, rowCount: Int) {
    let groupCount = rowCount.ceilingDivision(by: Self.groupRowCount)
    let found: [Int]? = data.withBytes { bytes in
      let limited = UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound])
      var scanner = VarintScanner(limited, at: range.lowerBound)
      // Every group but the last has its length in front, and a byte at least.
      guard groupCount <= range.count else { return nil }
      var lengths: [Int] = []
      for _ in 1..<max(1, groupCount) {
        guard let length = scanner.varint(), length <= range.count else { return nil }
        lengths.append(length)
      }
      var bounds = [scanner.position]
      for length in lengths { bounds.append(bounds[bounds.count - 1] + length) }
      bounds.append(range.upperBound)
      for group in 0..<groupCount {
        let (start, end) = (bounds[group], bounds[group + 1])
        guard start < end, end <= range.upperBound, bytes[start] <= Self.widthMax else {
          return nil
        }
        let rows = min(Self.groupRowCount, rowCount - group * Self.groupRowCount)
        guard end - start - 1 >= (rows * Int(bytes[start]) + 7) / 8 else { return nil }
      }
      return bounds
    }
    guard let found else { return nil }
    self.data = data
    self.rowCount = rowCount
    bounds = found
  }

  /// Addresses of the groups, which the positions keep.
  struct Groups {
    fileprivate let base: UnsafeRawPointer
    fileprivate let bounds: UnsafePointer<Int>

    /// The first position in the row of an ordinal, doubled, and one more if it has others.
    /// - Precondition: the ordinal is below the number of rows.
    @inline(__always) func number(_ ordinal: Int) -> UInt32 {
      let group = ordinal / PackedPositions.groupRowCount
      return PackedPositions.number(
        base + bounds[group], ordinal % PackedPositions.groupRowCount)
    }
  }

  func withGroups<R>(_ body: (Groups) throws -> R) rethrows -> R {
    try data.withBytes { bytes in
      try bounds.withUnsafeBufferPointer { bounds in
        try body(
          Groups(
            base: bytes.baseAddress.unsafelyUnwrapped,
            bounds: bounds.baseAddress.unsafelyUnwrapped))
      }
    }
  }

  /// The number of a row within a group. Reads eight bytes from where it begins: those behind the
  /// positions are still of the index, which ends with a trailer.
  @inline(__always) fileprivate static func number(
    _ base: UnsafeRawPointer, _ index: Int
  ) -> UInt32 {
    let width = Int(base.load(as: UInt8.self))
    let bit = index &* width
    let word = UInt64(
      littleEndian: base.loadUnaligned(fromByteOffset: 1 &+ bit &>> 3, as: UInt64.self))
    return UInt32(truncatingIfNeeded: word &>> UInt64(bit & 7) & (1 &<< UInt64(width) &- 1))
  }

  /// Appends all positions of a row; false if the bytes are not what the format says.
  func append(_ ordinal: Int, to positions: inout [UInt32]) -> Bool {
    let number = withGroups { $0.number(ordinal) }
    positions.append(number >> 1)
    if number & 1 == 0 { return true }
    let group = ordinal / Self.groupRowCount
    let index = ordinal % Self.groupRowCount
    return data.withBytes { bytes in
      let rows = min(Self.groupRowCount, rowCount - group * Self.groupRowCount)
      let start = bounds[group]
      var scanner = VarintScanner(
        UnsafeRawBufferPointer(rebasing: bytes[..<bounds[group + 1]]),
        at: start + 1 + (rows * Int(bytes[start]) + 7) / 8)
      let base = bytes.baseAddress.unsafelyUnwrapped + start
      for other in 0..<index where Self.number(base, other) & 1 != 0 {
        guard Self.skipRest(&scanner) else { return false }
      }
      return Self.appendRest(&scanner, after: number >> 1, to: &positions)
    }
  }

  /// The positions of all rows, for merges; nil if the bytes are not what the format says.
  func all() -> PostingsDecoder.Positions? {
    var result = PostingsDecoder.Positions()
    result.ends.reserveCapacity(rowCount)
    result.values.reserveCapacity(rowCount + rowCount / 8)
    let isGood = data.withBytes { bytes in
      var numbers = [UInt32](repeating: 0, count: Self.groupRowCount + 16)
      for group in 0..<bounds.count - 1 {
        let rows = min(Self.groupRowCount, rowCount - group * Self.groupRowCount)
        let width = UInt32(bytes[bounds[group]])
        let packed = bounds[group] + 1
        ck_unpack32(
          bytes.baseAddress.unsafelyUnwrapped + packed, rows, width, 0, &numbers)
        var scanner = VarintScanner(
          UnsafeRawBufferPointer(rebasing: bytes[..<bounds[group + 1]]),
          at: packed + ck_packed_bytes(rows, width))
        for row in 0..<rows {
          let first = numbers[row] >> 1
          result.values.append(first)
          if numbers[row] & 1 != 0 {
            guard Self.appendRest(&scanner, after: first, to: &result.values) else {
              return false
            }
          }
          result.ends.append(result.values.count)
        }
        guard scanner.remaining == 0 else { return false }
      }
      return true
    }
    return isGood ? result : nil
  }

  private static func skipRest(_ scanner: inout VarintScanner) -> Bool {
    guard let count = scanner.varint(), count <= scanner.remaining else { return false }
    for _ in 0..<count where scanner.varint() == nil { return false }
    return true
  }

  private static func appendRest(
    _ scanner: inout VarintScanner, after first: UInt32, to positions: inout [UInt32]
  ) -> Bool {
    guard let count = scanner.varint(), count > 0, count <= scanner.remaining else { return false }
    var position = Int(first)
    for _ in 0..<count {
      guard let distance = scanner.varint(), distance > 0,
        distance <= Limits.stringByteCountMax - position
      else { return false }
      position += distance
      positions.append(UInt32(position))
    }
    return true
  }

  // MARK: Writing

  /// Appends the positions of all rows of a term.
  /// - Parameters:
  ///   - groups: memory to work in.
  ///   - numbers: memory to work in.
  static func append(
    _ postings: PostingList, to buffer: ByteBuffer, groups: ByteBuffer, numbers: inout [UInt32]
  ) {
    groups.removeAll()
    let rowCount = postings.rows.count
    for start in stride(from: 0, to: rowCount, by: groupRowCount) {
      let groupStart = groups.count
      let rows = start..<min(rowCount, start + groupRowCount)
      numbers.removeAll(keepingCapacity: true)
      var all: UInt32 = 0
      for ordinal in rows {
        let range = postings.positionRange(ordinal)
        let number = postings.positions[range.lowerBound] &<< 1 | (range.count > 1 ? 1 : 0)
        all |= number
        numbers.append(number)
      }
      let width = UInt32(32 - all.leadingZeroBitCount)
      groups.append(UInt8(width))
      ck_pack32(
        numbers, numbers.count, width, 0,
        groups.extend(by: ck_packed_bytes(numbers.count, width)))
      for (ordinal, number) in zip(rows, numbers) where number & 1 != 0 {
        appendRest(postings, postings.positionRange(ordinal), to: groups)
      }
      if rows.upperBound < rowCount { buffer.appendVarint(groups.count - groupStart) }
    }
    buffer.append(groups.bytes)
  }

  private static func appendRest(
    _ postings: PostingList, _ range: Range<Int>, to groups: ByteBuffer
  ) {
    groups.appendVarint(range.count &- 1)
    var previous = postings.positions[range.lowerBound]
    for index in range.dropFirst() {
      groups.appendVarint(Int(postings.positions[index] &- previous))
      previous = postings.positions[index]
    }
  }
}

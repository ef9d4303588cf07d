import StorageBase

/// Reads the rows and positions of one term. Everything returns nil where the bytes are not what
/// FORMAT.md says, so that hostile ones do no harm.
enum PostingsDecoder {
  /// The positions of some rows: those of the i-th end at `ends[i]`, where the next ones begin.
  struct Positions {
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
    }
  }

  static func rows(
    _ bytes: UnsafeRawBufferPointer, form: PostingsEncoder.Form, count: Int, rowCount: Int
  ) -> [UInt32]? {
    switch form {
    case .deltas: deltas(bytes, count: count, rowCount: rowCount)
    case .roaring: RoaringEncoding.decode(bytes, count: count, rowCount: rowCount)?.rows
    }
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

  /// The positions of the rows with these ordinals.
  /// - Parameters:
  ///   - count: the rows of the term.
  ///   - wanted: ascending ordinals below `count`.
  static func positions(
    _ bytes: UnsafeRawBufferPointer, count: Int, wanted: some Collection<Int>
  ) -> Positions? {
    let size = IndexLayout.positionGroupRowCount
    guard let starts = groupStarts(bytes, count: count.ceilingDivision(by: size)) else {
      return nil
    }
    var result = Positions()
    result.ends.reserveCapacity(wanted.count)
    var scanner = VarintScanner(bytes)
    // The row that the scanner stands at.
    var ordinal = -1
    for target in wanted {
      if ordinal < 0 || target / size != ordinal / size {
        scanner = VarintScanner(bytes, at: starts[target / size])
        ordinal = target / size * size
      }
      while ordinal < target {
        guard skipRow(&scanner) else { return nil }
        ordinal &+= 1
      }
      guard appendRow(&scanner, to: &result) else { return nil }
      // The next row may begin another group, which the scanner stands at already.
      ordinal &+= 1
      if ordinal % size == 0 { ordinal = -1 }
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

  @inline(__always) private static func skipRow(_ scanner: inout VarintScanner) -> Bool {
    guard let first = scanner.varint() else { return false }
    guard first & 1 != 0 else { return true }
    guard let count = scanner.varint(), count <= scanner.remaining else { return false }
    for _ in 0..<count where scanner.varint() == nil { return false }
    return true
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

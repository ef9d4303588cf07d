import CKernels

/// The groups of the rows of one page when there are at most 255 of them: a byte per row. Made for
/// one page and one thread.
final class ByteGroups {
  /// More groups than this are better scattered to row by row.
  private static let foldedGroupCountMax = 8

  /// The group of each row; those of rows that are not selected mean nothing.
  let numbers: AlignedBuffer
  /// Nil for all rows.
  let selection: Bitmap?
  let rowCount: Int
  let groupCount: Int

  /// How many selected rows each group has.
  private(set) lazy var counts = counts(of: selection)

  init(numbers: AlignedBuffer, selection: Bitmap?, rowCount: Int, groupCount: Int) {
    self.numbers = numbers
    self.selection = selection
    self.rowCount = rowCount
    self.groupCount = groupCount
  }

  /// How many rows of `rows` (nil: all) each group has.
  func counts(of rows: Bitmap?) -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: groupCount)
    KernelTable.current.group.counts(
      bytes, rowCount, rows?.words.baseAddress, groupCount, &counts)
    return counts
  }

  var bytes: UnsafePointer<UInt8>? { numbers.values(as: UInt8.self).baseAddress }
  var words: UnsafePointer<UInt64>? { selection?.words.baseAddress }
  var hasFewGroups: Bool { groupCount <= Self.foldedGroupCountMax }

  /// The selected rows of each group, for what has no kernel that takes groups.
  private(set) lazy var selections: [Bitmap] = (0..<groupCount).map { group in
    let rows = Bitmap(count: rowCount)
    KernelTable.current.filter.range_u8(
      bytes, rowCount, UInt8(group), UInt8(group), rows.mutableWords.baseAddress)
    if let selection { rows.formIntersection(selection) }
    return rows
  }

  /// The selected rows, and their groups.
  private(set) lazy var listed: (rows: [UInt32], groups: [UInt32]) = {
    let rows = selection?.rowIDs() ?? Array(0..<UInt32(rowCount))
    let bytes = numbers.values(as: UInt8.self)
    return (rows, rows.map { UInt32(bytes[Int($0)]) })
  }()
}

extension ByteGroups {
  /// Calls `body` with each group that has selected rows, the sum of their values, and how many
  /// they are; returns false, without a call, when there is no kernel for the column.
  /// - Precondition: no row is null.
  func forEachSum(
    of vector: ColumnVector, _ body: (_ group: Int, _ sum: Int128, _ count: Int) -> Void
  ) -> Bool {
    let counts = counts
    switch vector.body {
    case .offsets(let offsets):
      withTotals(UInt64(0)) { totals in
        addLanes(of: offsets, to: totals.baseAddress)
        for group in 0..<totals.count where counts[group] > 0 {
          let count = Int(counts[group])
          body(group, offsets.total(ofLanes: totals[group], count: count), count)
        }
      }
    case .fixed(let values) where vector.type.physical == .int64:
      withTotals(ck_sum_parts(low: 0, high: 0)) { totals in
        KernelTable.current.group.sums_i64(
          values.values(as: Int64.self).baseAddress, bytes, rowCount, words, groupCount,
          totals.baseAddress)
        for group in 0..<totals.count where counts[group] > 0 {
          let sum = Int128(totals[group].high) << 32 + Int128(totals[group].low)
          body(group, sum, Int(counts[group]))
        }
      }
    case .fixed, .strings, .coded, .byteCoded: return false
    }
    return true
  }

  /// Lends a total per group, each `zero`; on the stack as far as they fit.
  private func withTotals<T: BitwiseCopyable>(
    _ zero: T, _ body: (UnsafeMutableBufferPointer<T>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: T.self, capacity: groupCount) { totals in
      totals.initialize(repeating: zero)
      body(totals)
    }
  }

  private func addLanes(of offsets: OffsetVector, to totals: UnsafeMutablePointer<UInt64>?) {
    let kernels = KernelTable.current.group
    let lanes = offsets.lanes
    switch offsets.laneWidth {
    case .one:
      kernels.sums_u8(
        lanes.values(as: UInt8.self).baseAddress, bytes, rowCount, words, groupCount, totals)
    case .two:
      kernels.sums_u16(
        lanes.values(as: UInt16.self).baseAddress, bytes, rowCount, words, groupCount, totals)
    case .four:
      kernels.sums_u32(
        lanes.values(as: UInt32.self).baseAddress, bytes, rowCount, words, groupCount, totals)
    }
  }
}

extension OffsetVector {
  /// The sum of `count` values whose lanes have the sum `lanes`.
  func total(ofLanes lanes: UInt64, count: Int) -> Int128 {
    Int128(base) * Int128(count) + Int128(factor) * Int128(lanes)
  }
}

extension AggregateState {
  func add(_ vector: ColumnVector?, to groups: ByteGroups) { addWidened(vector, to: groups) }

  /// With the kernels for one group or for rows one by one.
  func addWidened(_ vector: ColumnVector?, to groups: ByteGroups) {
    let vector = vector?.widened()
    guard groups.hasFewGroups else {
      let (rows, numbers) = groups.listed
      rows.withUnsafeBufferPointer { rows in
        numbers.withUnsafeBufferPointer { scatter(vector, rows: rows, groups: $0) }
      }
      return
    }
    for (group, selection) in groups.selections.enumerated() where groups.counts[group] > 0 {
      fold(vector, selection: selection, rowCount: groups.rowCount, group: group)
    }
  }
}

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
  private(set) lazy var counts: [Int] = {
    var totals = [UInt64](repeating: 0, count: groupCount)
    KernelTable.current.group.counts(bytes, rowCount, words, groupCount, &totals)
    return totals.map { Int($0) }
  }()

  init(numbers: AlignedBuffer, selection: Bitmap?, rowCount: Int, groupCount: Int) {
    self.numbers = numbers
    self.selection = selection
    self.rowCount = rowCount
    self.groupCount = groupCount
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
  /// The sum of the selected rows of each group; nil when there is no kernel for the column.
  /// - Precondition: no row is null.
  func sums(of vector: ColumnVector) -> [Int128]? {
    let kernels = KernelTable.current.group
    switch vector.body {
    case .offsets(let offsets):
      var totals = [UInt64](repeating: 0, count: groupCount)
      let lanes = offsets.lanes
      switch offsets.laneWidth {
      case .one:
        kernels.sums_u8(
          lanes.values(as: UInt8.self).baseAddress, bytes, rowCount, words, groupCount, &totals)
      case .two:
        kernels.sums_u16(
          lanes.values(as: UInt16.self).baseAddress, bytes, rowCount, words, groupCount, &totals)
      case .four:
        kernels.sums_u32(
          lanes.values(as: UInt32.self).baseAddress, bytes, rowCount, words, groupCount, &totals)
      }
      return totals.enumerated().map { offsets.total(ofLanes: $1, count: counts[$0]) }
    case .fixed where vector.type.physical == .int64:
      var totals = [ck_sum_parts](repeating: ck_sum_parts(low: 0, high: 0), count: groupCount)
      kernels.sums_i64(
        vector.values(as: Int64.self).baseAddress, bytes, rowCount, words, groupCount, &totals)
      return totals.map { Int128($0.high) << 32 + Int128($0.low) }
    case .fixed, .strings, .coded, .byteCoded: return nil
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

import CKernels

/// The rows of a page split by group, as a selection each; for few groups. Not thread-safe.
struct GroupRows {
  /// Above this many groups one indexed addition per row is cheaper than a masked sum per group.
  private static let groupCountMax = 8

  private(set) var selections: [Bitmap] = []
  /// The group of each row of the page, and a number that is no group for rows not selected.
  private var groupOfRow = AlignedBuffer(byteCount: 0)

  /// Whether splitting pays: a pass over the page per group against one over the selected rows.
  static func areFew(_ groupCount: Int, selected: Int, of rowCount: Int) -> Bool {
    groupCount <= groupCountMax && selected * 4 >= rowCount
  }

  /// - Parameter groups: the group of each of `rows`, below `groupCount`.
  mutating func split(
    rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>, groupCount: Int,
    rowCount: Int
  ) {
    let isWhole = rows.count == rowCount
    if !isWhole { spread(rows, groups, rowCount: rowCount) }
    let spreadGroups = groupOfRow.values(as: Int32.self).baseAddress
    // A group number is below 2^31, so that its bits are those of a signed number.
    let wholeGroups = UnsafeRawPointer(groups.baseAddress)?.assumingMemoryBound(to: Int32.self)
    let source = isWhole ? wholeGroups : spreadGroups
    if selections.first?.count != rowCount { selections = [] }
    while selections.count < groupCount { selections.append(Bitmap(count: rowCount)) }
    for (group, selection) in selections.enumerated() {
      KernelTable.current.filter.range_i32(
        source, rowCount, Int32(group), Int32(group), selection.mutableWords.baseAddress)
    }
  }

  private mutating func spread(
    _ rows: UnsafeBufferPointer<UInt32>, _ groups: UnsafeBufferPointer<UInt32>, rowCount: Int
  ) {
    if groupOfRow.byteCount != rowCount * 4 { groupOfRow = AlignedBuffer(byteCount: rowCount * 4) }
    let target = groupOfRow.mutableValues(as: UInt32.self)
    target.update(repeating: .max)
    for position in 0..<rows.count { target[Int(rows[position])] = groups[position] }
  }
}

import StorageBase
import TabletModel

extension ExploringPolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let choice = choose(stack)
    let isStuck = blockingCount > 0 && stack.count >= blockingCount
    let windows = Dictionary(
      uniqueKeysWithValues: windows(of: stack.rowsets).map { ($0.range, $0) })
    return { range in
      guard let window = windows[range] else {
        return PickObjection(
          "width",
          because: "\(range.count) rowsets, and a merge takes \(widthMin) to \(widthMax)")
      }
      if byteCountMax > 0, window.byteCount > byteCountMax {
        return PickObjection(
          "max_mib",
          because: "\(ByteSize(window.byteCount)), more than \(ByteSize(byteCountMax))")
      }
      guard isBalanced(window) else {
        return PickObjection(
          "not balanced",
          because: "\(ByteSize(window.largest)) is more than \(ratio) times the others, "
            + "\(ByteSize(window.byteCount - window.largest))")
      }
      guard case .merge(let best, let reason) = choice else { return nil }
      return PickObjection(
        isStuck ? "fewer rowsets per byte" : "a better window",
        because: "\(stack.versions(of: best)) is \(reason)")
    }
  }
}

extension ConcurrentPolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let choice = choose(stack)
    return { range in
      let start = range.lowerBound
      let window = start..<min(start + widthMax, stack.count)
      let oldest = stack.rowsets[start]
      guard window.count >= widthMin else {
        return PickObjection(
          "min",
          because:
            "\(window.count) rowsets from \(oldest.versions) on, and \(widthMin) make a merge")
      }
      let younger = stack.rowsets[window.dropFirst()].totalByteCount
      guard ratio.allows(oldest.byteCount, for: younger) else {
        return PickObjection(
          "ratio",
          because: "\(oldest.versions) with \(ByteSize(oldest.byteCount)) is more than \(ratio) "
            + "times the up to \(widthMax - 1) after it, \(ByteSize(younger))")
      }
      guard window == range else {
        return PickObjection(
          "part of a window", because: "\(stack.versions(of: window)) is merged whole")
      }
      guard case .merge(let first, _) = choice else { return nil }
      return PickObjection(
        "an older rowset first", because: "\(stack.versions(of: first)) is balanced too")
    }
  }
}

extension RowsetStack {
  /// What the rowsets at these places have together.
  /// - Precondition: there is at least one.
  func versions(of range: Range<Int>) -> VersionRange {
    VersionRange(
      rowsets[range.lowerBound].versions.first, rowsets[range.upperBound - 1].versions.last)
  }
}

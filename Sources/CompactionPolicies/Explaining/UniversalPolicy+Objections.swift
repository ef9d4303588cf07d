import StorageBase
import TabletModel

extension UniversalPolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    guard stack.count >= trigger else {
      let reason = "\(stack.count) rowsets, and nothing happens below \(trigger)"
      return { _ in PickObjection("trigger", because: reason) }
    }
    let choice = choose(stack)
    return { range in
      if case .merge(_, let reason) = choice, reason.hasPrefix("age") || reason.hasPrefix("space") {
        return PickObjection("all at once", because: "\(reason): all are merged")
      }
      return bySize(range, stack) ?? byCount(range, stack, choice)
    }
  }

  /// What the rule of sizes has against a range; nil when it would take just that one.
  private func bySize(_ range: Range<Int>, _ stack: RowsetStack) -> PickObjection? {
    let taken = similar(in: stack.rowsets, endingAt: range.upperBound)
    if taken.lowerBound > range.lowerBound {
      guard taken.count < widthMax else {
        return PickObjection(
          "max_merge_width", because: "a merge by size takes at most \(widthMax) rowsets")
      }
      let next = stack.rowsets[taken.lowerBound - 1]
      let size = stack.rowsets[taken].totalByteCount
      return PickObjection(
        "size ratio",
        because: "\(next.versions) with \(ByteSize(next.byteCount)) is more than the "
          + "\(ByteSize(size)) after it and \(sizeRatioPercent) % of that")
    }
    if taken.lowerBound < range.lowerBound {
      return PickObjection(
        "part of what is similar",
        because: "older rowsets from \(stack.rowsets[taken.lowerBound].versions) on belong to it")
    }
    guard range.count < widthMin else { return nil }
    return PickObjection(
      "min_merge_width",
      because: "\(range.count) rowsets of similar size, and \(widthMin) make a merge")
  }

  private func byCount(
    _ range: Range<Int>, _ stack: RowsetStack, _ choice: StackChoice
  ) -> PickObjection? {
    switch choice {
    case .merge(let chosen, let reason):
      return PickObjection(
        "a younger window first",
        because: "\(reason), which ends with \(stack.rowsets[chosen.upperBound - 1].versions)")
    case .rest(_, let reason): return PickObjection("nothing due", because: reason)
    }
  }
}

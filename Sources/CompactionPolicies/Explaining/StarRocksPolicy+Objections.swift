import StorageBase
import TabletModel

extension StarRocksPolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let choice = choose(stack)
    let multiple = multiple(for: stack.keysModel)
    let groups = groups(of: stack, multiple: multiple)
    let least = segmentCountMin(multiple: multiple)
    return { range in
      if case .merge(let all, let reason) = choice, all == 0..<stack.count, reason.contains("old") {
        return PickObjection("base compaction", because: "\(reason): all are merged")
      }
      guard let place = groups.firstIndex(where: { $0.places.contains(range.lowerBound) }) else {
        return PickObjection(
          "large rowsets of duplicate keys",
          because: "\(stack.rowsets[range.lowerBound].versions) has nothing that could be dropped")
      }
      let group = groups[place]
      guard range.upperBound <= group.places.upperBound else {
        let next = stack.rowsets[group.places.upperBound]
        return PickObjection(
          "several groups",
          because: "\(next.versions) with \(ByteSize(next.byteCount)) is \(multiple) times smaller "
            + "than \(ByteSize(group.levelSize)), and begins another group")
      }
      guard group.places == range else {
        return PickObjection(
          "part of a group", because: "\(stack.versions(of: group.places)) is merged whole")
      }
      if group.segmentCount < least {
        return PickObjection(
          "too few segments",
          because: "\(group.segmentCount) segments, and \(least) make a merge")
      }
      let own = score(group, of: stack, multiple: multiple)
      guard case .merge(let best, let reason) = choice else { return nil }
      return PickObjection(
        "a better score",
        because: "its score is \(Int(own)); \(stack.versions(of: best)): \(reason)")
    }
  }
}

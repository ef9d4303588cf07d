import StorageBase
import TabletModel

extension AdaptivePolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let choice = choose(stack)
    return { range in
      guard range.upperBound == stack.count else {
        return PickObjection(
          "without the youngest",
          because: "a plan merges the youngest rowsets: whatever is above a merge can be in it for "
            + "little more")
      }
      switch choice {
      case .rest(_, let reason): return PickObjection("cheaper to wait", because: reason)
      case .merge(let chosen, let reason):
        let difference =
          chosen.lowerBound < range.lowerBound
          ? "older ones in it take reads off as well" : "older ones in it cost more than they save"
        return PickObjection(
          "another start is cheaper",
          because: "\(stack.versions(of: chosen)) costs least, since \(difference): \(reason)")
      }
    }
  }
}

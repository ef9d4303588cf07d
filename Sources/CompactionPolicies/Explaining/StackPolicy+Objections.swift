import StorageBase
import TabletModel

extension StackPolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? { { _ in nil } }

  /// What all policies that see a stack have in common; then what this one says of the stack.
  public func objections(on facts: TabletFacts) -> (CompactionPick) -> PickObjection? {
    if let obstacle = facts.mergeObstacle(besideMerges: worksBesideMerges) {
      return { _ in PickObjection("not now", because: obstacle) }
    }
    let stacks = facts.freeStretches.map { PlacedStack(RowsetStack($0, of: facts)) }
    let ofStacks = stacks.map { objections(in: $0.stack) }
    let bornEmpty = facts.rowsets.first.flatMap { $0.isEmpty ? $0.versions : nil }
    return { pick in
      if let bornEmpty, pick.versions.contains(bornEmpty) {
        return PickObjection(
          "no part of the stack", because: "\(bornEmpty) is the empty rowset of a new tablet")
      }
      for (stack, objection) in zip(stacks, ofStacks) {
        if let places = stack.places(of: pick.versions) { return objection(places) }
      }
      return nil
    }
  }
}

/// A stack in which ranges of versions are found at once.
private struct PlacedStack {
  let stack: RowsetStack
  private let firsts: [Version: Int]
  private let lasts: [Version: Int]

  init(_ stack: RowsetStack) {
    self.stack = stack
    let places = stack.rowsets.indices
    firsts = Dictionary(uniqueKeysWithValues: places.map { (stack.rowsets[$0].versions.first, $0) })
    lasts = Dictionary(uniqueKeysWithValues: places.map { (stack.rowsets[$0].versions.last, $0) })
  }

  func places(of versions: VersionRange) -> Range<Int>? {
    guard let first = firsts[versions.first], let last = lasts[versions.last] else { return nil }
    return first..<last + 1
  }
}

extension SizeLevels {
  /// Of policies that merge a level whole once it holds more rowsets than it may.
  func objections(
    in stack: RowsetStack, most: Int, onHighest mostOnHighest: Int
  ) -> (Range<Int>) -> PickObjection? {
    let groups = groups(of: stack)
    return { range in
      guard let place = groups.firstIndex(where: { $0.range.overlaps(range) }) else { return nil }
      let group = groups[place]
      let limit = max(place == groups.count - 1 ? mostOnHighest : most, 1)
      guard group.range.lowerBound <= range.lowerBound else {
        let older = groups[(place + 1)...].first { $0.range.contains(range.lowerBound) }
        return PickObjection(
          "several levels",
          because: "levels \(group.name) to \(older?.name ?? "") are merged apart from each other")
      }
      let versions = VersionRange(
        stack.rowsets[group.range.lowerBound].versions.first,
        stack.rowsets[group.range.upperBound - 1].versions.last)
      if group.range.count <= limit {
        return PickObjection(
          "level not full",
          because: "level \(group.name) is \(versions), rowsets: \(group.range.count), "
            + "limit \(limit)")
      }
      guard group.range == range else {
        return PickObjection(
          "part of a level", because: "level \(group.name) is \(versions) and is merged whole")
      }
      return PickObjection(
        "a lower level first", because: "level \(group.name) is over its limit of \(limit) too")
    }
  }
}

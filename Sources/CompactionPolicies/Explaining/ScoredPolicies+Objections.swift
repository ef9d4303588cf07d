import StorageBase
import TabletModel

extension ClickHousePolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let choice = choose(stack)
    let fullness = factors.fullness(partCount: stack.count)
    let oldest = max(0, stack.count - windowCount)
    return { places in
      guard places.lowerBound >= oldest else {
        return PickObjection("window", because: "only the youngest \(windowCount) are looked at")
      }
      guard (2...partCountMax).contains(places.count) else {
        return PickObjection(
          "width", because: "\(places.count) parts, and a merge takes 2 to \(partCountMax)")
      }
      var range = PartRange(stack.rowsets[places.lowerBound], at: places.lowerBound)
      for part in stack.rowsets[places.dropFirst()] { range.append(part) }
      guard range.byteCount <= byteCountMax else {
        return PickObjection(
          "max_mib", because: "\(ByteSize(range.byteCount)), more than \(ByteSize(byteCountMax))")
      }
      guard secondsUntilBalanced(range, fullness: fullness, now: stack.now) == 0 else {
        let share =
          range.weight(fixedCost: fixedCost) / max(Double(range.largest) + fixedCost, 1e-9)
        return PickObjection(
          "not balanced",
          because: "it weighs \(hundredths(share)) times its largest part, less than its base, "
            + "which is \(base) or what age has made of it")
      }
      return worse(range, stack, choice)
    }
  }

  private func worse(
    _ range: PartRange, _ stack: RowsetStack, _ choice: StackChoice
  ) -> PickObjection? {
    guard case .merge(let chosen, _) = choice else { return nil }
    let trimmed = trimmed(range, stack.rowsets)
    guard trimmed.places == range.places else {
      return PickObjection(
        "small parts at its end",
        because: "those after \(stack.versions(of: trimmed.places)) weigh less than 1 % of it")
    }
    return PickObjection(
      "worse score",
      because: "\(stack.versions(of: chosen)) costs fewer bytes for a part that it saves")
  }
}

extension LucenePolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let choice = choose(stack)
    let mergeable = mergeable(in: stack)
    return { range in
      guard case .merge(let chosen, _) = choice else {
        guard case .rest(_, let figures) = choice else { return nil }
        return PickObjection("segments allowed", because: figures)
      }
      if let place = range.first(where: { !mergeable[$0] }) {
        return PickObjection(
          "too large",
          because: "\(stack.rowsets[place].versions) has "
            + "\(ByteSize(stack.rowsets[place].byteCount)), more than half of "
            + "\(ByteSize(mergedByteCountMax))")
      }
      guard let candidate = candidate(from: range.lowerBound, stack.rowsets, mergeable),
        candidate.range == range
      else {
        return PickObjection(
          "not the window of its oldest",
          because: "a merge takes up to \(widthMax) segments, and at most "
            + "\(ByteSize(mergedByteCountMax))")
      }
      if candidate.isLopsided {
        return PickObjection(
          "lopsided", because: "it makes less than 1.5 times its largest segment")
      }
      return PickObjection(
        "worse score", because: "\(stack.versions(of: chosen)) is better balanced or smaller")
    }
  }
}

/// A number with two decimals.
private func hundredths(_ number: Double) -> String {
  let rounded = Int(min(number, 1e12) * 100)
  let decimals = rounded % 100
  return "\(rounded / 100).\(decimals < 10 ? "0" : "")\(decimals)"
}

import StorageBase
import TabletModel

/// Concurrent merge policy, the default of Apache AsterixDB: from the oldest rowset on, the first
/// that is not larger than `ratio` times up to `max` - 1 younger ones together is merged with them,
/// if that makes at least `min` rowsets.
///
/// Several merges of a tablet may run at a time. AsterixDB looks at what is older than the oldest
/// running merge; here every stretch between running merges is looked at. That it stops flushes at
/// 30 rowsets is a matter of back-pressure, not of this policy.
public struct ConcurrentPolicy: StackPolicy {
  public static let name = "concurrent"
  public static let summary = "merges the oldest rowset that younger ones balance, with these"
  public static let source = "Apache AsterixDB, ConcurrentMergePolicy"

  let widthMin: Int
  let widthMax: Int
  let ratio: SizeRatio

  public init(_ parameters: inout PolicyParameters) {
    widthMin = parameters.integer("min", default: 3, in: 2...1000, "least rowsets of a merge")
    widthMax = parameters.integer("max", default: 10, in: 2...1000, "most rowsets of a merge")
    ratio = SizeRatio(
      parameters.number(
        "ratio", default: 1.2, in: 0.001...1000,
        "the oldest of a merge is at most this many times the others"))
    parameters.require(widthMin <= widthMax, "min must not be greater than max")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "size-ratio stack", granularity: "window", movement: "oldest")
  }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    for (start, oldest) in stack.rowsets.enumerated() {
      let end = min(start + widthMax, stack.count)
      guard end - start >= widthMin else { break }
      let younger = stack.rowsets[start + 1..<end].totalByteCount
      if ratio.allows(oldest.byteCount, for: younger) {
        return .merge(
          start..<end,
          because: "\(ByteSize(oldest.byteCount)) and \(end - start - 1) younger rowsets of "
            + "\(ByteSize(younger))")
      }
    }
    return .rest(because: "each of \(stack.count) rowsets outweighs those after it, or has too few")
  }
}

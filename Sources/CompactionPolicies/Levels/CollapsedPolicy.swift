import StorageBase
import TabletModel

/// A counter in base `b` whose carries run through at once: tiering in which merges that follow
/// from each other are one.
///
/// With b = 2 it is the logarithmic method of Bentley and Saxe: rowsets are the ones of the binary
/// number of loads. It has the rowsets of `tiered` at all times and writes, for b = 2, about half.
public struct CollapsedPolicy: StackPolicy {
  public static let name = "collapsed"
  public static let summary = "tiers with b rowsets per merge and writes each carry once"
  public static let source = "Bentley and Saxe, Journal of Algorithms 1(4), 1980"

  let b: Int
  let levels: SizeLevels

  public init(_ parameters: inout PolicyParameters) {
    b = parameters.integer("b", default: 2, in: 2...1000, "rowsets of a level that make a carry")
    levels = SizeLevels(ratio: b, &parameters)
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "level saturation", layout: "tiering", granularity: "several levels",
      movement: "lowest level")
  }
  public var collapsesCascades: Bool { true }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    levels.groups(of: stack).choice(most: b - 1, onHighest: b - 1)
  }

  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    levels.objections(in: stack, most: b - 1, onHighest: b - 1)
  }
}

import StorageBase
import TabletModel

/// Lazy leveling: tiering on all levels but the highest, which keeps one rowset.
///
/// Most bytes are on the highest level, so that is where one rowset helps long scans and space; the
/// levels below it are where leveling would cost most writes.
public struct LazyLeveledPolicy: StackPolicy {
  public static let name = "lazy-leveled"
  public static let summary = "tiers all levels but the highest, which keeps one rowset"
  public static let source = "Dostoevsky: Dayan and Idreos, SIGMOD 2018"

  let t: Int
  let levels: SizeLevels
  public let collapsesCascades: Bool

  public init(_ parameters: inout PolicyParameters) {
    t = parameters.integer(
      "t", default: 4, in: 2...1000, "rowsets of a merge below the highest level")
    levels = SizeLevels(ratio: t, &parameters)
    collapsesCascades = parameters.collapse()
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "level saturation", layout: "lazy leveling", granularity: "level",
      movement: "lowest level")
  }

  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    // Above a running merge no level is the highest.
    levels.groups(of: stack).choice(most: t - 1, onHighest: stack.holdsOldest ? 1 : t - 1)
  }

  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    levels.objections(in: stack, most: t - 1, onHighest: stack.holdsOldest ? 1 : t - 1)
  }
}

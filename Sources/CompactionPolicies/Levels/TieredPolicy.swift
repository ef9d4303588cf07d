import StorageBase
import TabletModel

/// Tiering, as in every textbook: a level that holds `t` rowsets is merged whole, which makes one
/// rowset of the next level.
///
/// Each byte is written once per level, so n equal loads cost n·(1 + log_t n), and up to t - 1
/// rowsets rest on each level. Levels are by size (see `SizeLevels`).
public struct TieredPolicy: StackPolicy {
  public static let name = "tiered"
  public static let summary = "merges a level of similar sizes whole once it holds t rowsets"
  public static let source = "textbook tiering; Jagadish et al., VLDB 1997"

  let t: Int
  let levels: SizeLevels
  public let collapsesCascades: Bool

  public init(_ parameters: inout PolicyParameters) {
    t = parameters.integer("t", default: 4, in: 2...1000, "rowsets of a merge")
    levels = SizeLevels(ratio: t, &parameters)
    collapsesCascades = parameters.collapse()
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "level saturation", layout: "tiering", granularity: "level", movement: "lowest level"
    )
  }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    levels.groups(of: stack).choice(most: t - 1, onHighest: t - 1)
  }

  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    levels.objections(in: stack, most: t - 1, onHighest: t - 1)
  }
}

extension PolicyParameters {
  /// Whether a carry through several levels is one merge.
  mutating func collapse() -> Bool {
    flag("collapse", default: false, "a carry through several levels is written once")
  }
}

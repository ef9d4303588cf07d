import StorageBase
import TabletModel

/// Fluid LSM: at most `k` rowsets on the highest level but one and below, at most `z` on the
/// highest, each level `t` times as large as the one before.
///
/// It spans leveling (k = z = 1), tiering (k = z = t - 1) and lazy leveling (k = t - 1, z = 1).
///
/// Adapted: in Dostoevsky a rowset that arrives is merged into the youngest one of its level until
/// that one is full; here a level with one rowset too many is merged whole, since rowsets have no
/// capacity of their own.
public struct FluidPolicy: StackPolicy {
  public static let name = "fluid"
  public static let summary = "keeps up to k rowsets per level, and up to z on the highest"
  public static let source = "Dostoevsky: Dayan and Idreos, SIGMOD 2018"

  let k: Int
  let z: Int
  let levels: SizeLevels
  public let collapsesCascades: Bool

  public init(_ parameters: inout PolicyParameters) {
    let t = parameters.integer("t", default: 10, in: 2...1000, "growth from level to level")
    k = parameters.integer("k", default: 4, in: 1...1000, "rowsets that may rest on a level")
    z = parameters.integer(
      "z", default: 1, in: 1...1000, "rowsets that may rest on the highest level")
    levels = SizeLevels(ratio: t, &parameters)
    collapsesCascades = parameters.collapse()
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "level saturation", layout: "hybrid per level", granularity: "level",
      movement: "lowest level")
  }

  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    // Above a running merge no level is the highest.
    levels.groups(of: stack).choice(most: k, onHighest: stack.holdsOldest ? z : k)
  }

  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    levels.objections(in: stack, most: k, onHighest: stack.holdsOldest ? z : k)
  }
}

import StorageBase
import TabletModel

/// Leveling: one rowset per level; one that arrives is merged with the one that is there, and moves
/// on once it has outgrown the level.
///
/// Each byte is rewritten (t-1)(t+2)/(2t) times per level, in exchange for one rowset per level.
///
/// Adapted: levels of LSM trees hold many files cut by key, of which a merge takes some (RocksDB's
/// leveled compaction, granularity "file"). A rowset is not cut by key, so a merge takes the whole
/// level, as in the original LSM tree.
public struct LeveledPolicy: StackPolicy {
  public static let name = "leveled"
  public static let summary = "keeps one rowset per level, each t times as large as the one before"
  public static let source = "textbook leveling; O'Neil et al., Acta Informatica 33, 1996"

  let levels: SizeLevels
  public let collapsesCascades: Bool

  public init(_ parameters: inout PolicyParameters) {
    let t = parameters.integer("t", default: 4, in: 2...1000, "growth from level to level")
    levels = SizeLevels(ratio: t, &parameters)
    collapsesCascades = parameters.collapse()
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "level saturation", layout: "leveling", granularity: "level",
      movement: "lowest level")
  }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    levels.groups(of: stack).choice(most: 1, onHighest: 1)
  }

  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    levels.objections(in: stack, most: 1, onHighest: 1)
  }
}

import StorageBase
import TabletModel

/// Unified compaction of Apache Cassandra (CEP-26): one parameter `w` that goes from leveling over
/// the middle to tiering.
///
/// With w > 0 the fan-out is f = 2 + w and f rowsets of a level are merged (tiered, T_f); with
/// w < 0, f = 2 - w and 2 are merged (leveled, L_f); with w = 0 both are 2. The lowest level that
/// has enough is taken first; of one with more than `max_rowsets` the oldest.
///
/// Adapted: Cassandra's levels are by density, bytes per part of the key space, because it cuts its
/// outputs into shards by key; a level compacts sets of files that overlap in keys. A rowset spans
/// all keys of its tablet, so density is size, all rowsets of a level overlap, and sharding is what
/// the tablets of a table are for.
public struct UnifiedPolicy: StackPolicy {
  public static let name = "unified"
  public static let summary = "one parameter from leveling (w < 0) to tiering (w > 0)"
  public static let source = "Apache Cassandra, UnifiedCompactionStrategy (CEP-26)"

  let rowsetCountMin: Int
  let rowsetCountMax: Int
  let levels: SizeLevels
  public let collapsesCascades: Bool

  public init(_ parameters: inout PolicyParameters) {
    let w = parameters.integer(
      "w", default: 2, in: -100...100, "fan-out 2 + |w|; tiered if positive, leveled if negative")
    rowsetCountMin = w > 0 ? 2 + w : 2
    rowsetCountMax = parameters.integer(
      "max_rowsets", default: 1024, in: 2...100_000, "most rowsets of a merge")
    levels = SizeLevels(ratio: 2 + abs(w), &parameters)
    collapsesCascades = parameters.collapse()
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "level saturation", layout: "leveling to tiering", granularity: "level",
      movement: "lowest level")
  }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let groups = levels.groups(of: stack)
    let choice = groups.choice(most: rowsetCountMin - 1, onHighest: rowsetCountMin - 1)
    guard case .merge(let range, let reason) = choice, range.count > rowsetCountMax else {
      return choice
    }
    return .merge(range.prefix(rowsetCountMax), because: "\(reason); the oldest of them")
  }
}

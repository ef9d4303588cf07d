import StorageBase
import TabletModel

/// Never compacts: the floor of write amplification and the ceiling of read amplification.
public struct NonePolicy: CataloguedPolicy {
  public static let name = "none"
  public static let summary = "never compacts"
  public static let source = "baseline"

  public init(_ parameters: inout PolicyParameters) {}

  public var designPoint: DesignPoint {
    DesignPoint(trigger: "never", layout: "runs as loaded", granularity: "n/a", movement: "n/a")
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    .wait(until: nil, because: "this policy never compacts")
  }
}

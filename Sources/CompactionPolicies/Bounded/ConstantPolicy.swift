import StorageBase
import TabletModel

/// At most `k` rowsets: with one more, all are merged.
///
/// Bytes written grow with the square of the data divided by k; the theory of stack policies begins
/// here. `full` is the same with segments counted, done as Doris's full compaction.
public struct ConstantPolicy: StackPolicy {
  public static let name = "constant"
  public static let summary = "merges all rowsets whenever there are more than k"
  public static let source = "Apache AsterixDB, constant merge policy; Mao et al., VLDBJ 2021"

  let k: Int

  public init(_ parameters: inout PolicyParameters) {
    k = parameters.integer("k", default: 4, in: 1...1000, "rowsets left alone")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "single run", granularity: "whole tablet", movement: "n/a")
  }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    guard stack.count > k else { return .rest(because: "\(stack.count) rowsets, limit \(k)") }
    return .merge(0..<stack.count, because: "\(stack.count) rowsets, limit \(k)")
  }
}

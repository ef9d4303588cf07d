import StorageBase
import TabletModel

/// MinLatency(k): at most `k` rowsets at all times, and of all ways to keep that the one that
/// writes least, for numbers of loads n = C(d+k, k) - 1.
///
/// Which rowsets to merge follows from the number of the load alone. The stack is first let grow to
/// k, hence the name: early loads set off no merge. For loads of unequal size the bound of k holds
/// and optimality does not.
public struct MinLatencyPolicy: StackPolicy {
  public static let name = "min-latency"
  public static let summary = "keeps at most k rowsets with the fewest bytes written"
  public static let source =
    "Mathieu, Staelin, Young, Yousefi, arXiv 1407.3008; Mao et al., VLDBJ 30(3), 2021"

  let k: Int

  public init(_ parameters: inout PolicyParameters) {
    k = parameters.integer("k", default: 4, in: 1...100, "most rowsets")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "load number", layout: "bounded depth", granularity: "suffix", movement: "n/a")
  }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    stack.keeping(keptCount(load: stack.loadCount), limit: k)
  }

  /// d is the least with C(d+k, d) - 1 >= t.
  func keptCount(load t: Int) -> Int {
    let d = Binomials.leastDepth { Binomials.choose($0 + k, k) > t }
    return Binomials.keptCount(
      depth: d, height: k - 1, load: t - Binomials.choose(d - 1 + k, k))
  }
}

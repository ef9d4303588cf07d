import StorageBase
import TabletModel

/// Binomial(k): at most `k` rowsets at all times, and fewer while the tablet is small.
///
/// Like MinLatency it decides by the number of the load, but it lets the number of rowsets grow
/// together with the number of times a byte is rewritten, so that k does not matter before load
/// k²-ish. It balances reads and writes where MinLatency only saves writes, and writes but a
/// constant more than the optimum at the end of each of its phases.
public struct BinomialPolicy: StackPolicy {
  public static let name = "binomial"
  public static let summary = "keeps at most k rowsets, balancing their number with bytes written"
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

  /// d is the least with T(d) >= t, where T(d) is the sum over j <= d of
  /// C(j + min(j, k) - 1, j).
  func keptCount(load t: Int) -> Int {
    let d = Binomials.leastDepth { phaseEnd($0) >= t }
    return Binomials.keptCount(
      depth: d, height: min(d, k) - 1, load: t - phaseEnd(d - 1) - 1)
  }

  /// T(d). From k on its terms are C(j + k - 1, k - 1), which add up to a binomial coefficient.
  private func phaseEnd(_ d: Int) -> Int {
    var end = 0
    for j in 0..<min(d, k) { end = sum(end, Binomials.choose(2 * j + 1, j + 1)) }
    guard d > k else { return end }
    return sum(end, Binomials.choose(d + k, k)) - Binomials.choose(2 * k, k)
  }

  /// Or `Int.max` if it does not fit.
  private func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? Int.max : sum
  }
}

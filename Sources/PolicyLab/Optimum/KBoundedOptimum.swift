/// The least cost of keeping at most k components, if the number of flushes is known beforehand.
///
/// With C for the binomial coefficient and d the least number such that C(d+k, k) - 1 >= n,
///
///     OPT(k, n) = k·C(d-1+k, k+1) + d·(n - C(d-1+k, k) + 1)
///
/// It counts components written in units of a flush, where a flush that is merged at once is not
/// written by itself (`CanonicalRun.buildByteCount`). Between the points n = C(d+k, k) - 1, at
/// which MinLatency(k) of Mathieu, Staelin, Young and Yousefi (arXiv 1407.3008) meets it, the
/// marginal cost of a flush is d. It solves the recurrence
/// `V(k, t) = t + min over s < t of V(k, s) + V(k-1, t-s-1)`, in which s is the flush before the
/// last rebuild of the whole stack.
public enum KBoundedOptimum {
  /// OPT(componentMax, flushCount), in flushes.
  /// - Precondition: `componentMax` is in 1...2^31, `flushCount` in 0...2^31, and the result fits
  ///   (it is at most n(n+1)/2).
  public static func buildCount(componentMax k: Int, flushCount n: Int) -> Int {
    precondition((1...1 << 31).contains(k), "the component limit \(k) is out of 1...2^31")
    precondition((0...1 << 31).contains(n), "the flush count \(n) is out of 0...2^31")
    guard n > 0 else { return 0 }
    // Invariant: reached = C(d-1+k, k), the flushes that d-1 rebuilds per flush are enough for,
    // plus 1. Each product below is divisible: C(d+k, k) = C(d-1+k, k)·(d+k)/d.
    var d = 1
    var reached = 1
    while true {
      let next = reached * (d + k) / d
      if next - 1 >= n { break }
      reached = next
      d += 1
    }
    // C(d-1+k, k+1) = C(d-1+k, k)·(d-1)/(k+1)
    let full = k * (reached * (d - 1) / (k + 1))
    return full + d * (n - reached + 1)
  }
}

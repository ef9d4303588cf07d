/// The combinatorics that Binomial and MinLatency decide by.
enum Binomials {
  /// C(n, k), or `Int.max` if it does not fit: it is only ever compared with numbers of loads.
  static func choose(_ n: Int, _ k: Int) -> Int {
    guard k >= 0, n >= k else { return 0 }
    var result = 1
    for step in 0..<min(k, n - k) {
      let (product, overflow) = result.multipliedReportingOverflow(by: n - step)
      if overflow { return Int.max }
      result = product / (step + 1)
    }
    return result
  }

  /// The least depth from 1 on for which `holds`, which must stay true once it is.
  /// - Complexity: the logarithm of the result.
  static func leastDepth(_ holds: (Int) -> Bool) -> Int {
    var high = 1
    while !holds(high) { high *= 2 }
    var low = high / 2
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// How many rowsets stay below the merge that load `t` sets off, in a stack that may have `h`
  /// above its bottom one and rewrites each byte `d` times:
  ///
  ///     I(d, h, 0) = 0
  ///     I(d, h, t) = I(d-1, h, t)                          if t < C(d+h-1, h)
  ///     I(d, h, t) = 1 + I(d, h-1, t - C(d+h-1, h))        otherwise
  static func keptCount(depth: Int, height: Int, load: Int) -> Int {
    var (d, h, t) = (depth, height, load)
    var kept = 0
    while t > 0, h > 0 {
      // The first rule, as often as it applies.
      d = min(d, leastDepth { choose($0 + h - 1, h) > t } - 1)
      t -= choose(d + h - 1, h)
      h -= 1
      kept += 1
    }
    return kept
  }
}

extension RowsetStack {
  /// Keeps the `kept` oldest rowsets and merges the others.
  func keeping(_ kept: Int, limit: Int) -> StackChoice {
    let reason = "load \(loadCount) of a stack of at most \(limit): the \(kept) oldest stay"
    guard count - 1 > kept else { return .rest(because: reason) }
    return .merge(kept..<count, because: reason)
  }
}

extension TimedModel {
  /// Bytes written until the end of the loads against a bound from below of what any policy could
  /// have written that never has more components: 1 cannot be reached, since loads are always
  /// written here and merges take time.
  ///
  /// It is known for loads of one size that bring new keys; else it is nil.
  public func optimalityGap(of run: TimedRun) -> Double? {
    guard case .constant(let byteCount) = sizes, overlap == .none, run.loadCount > 0 else {
      return nil
    }
    // Loads went to the tablets in turn; refused ones make no great difference.
    let (each, rest) = run.loadCount.quotientAndRemainder(dividingBy: tabletCount)
    let componentMax = max(1, Int(run.components.max))
    let least = (0..<tabletCount).reduce(0) { sum, tablet in
      sum
        + KBoundedOptimum.buildCount(
          componentMax: componentMax, flushCount: each + (tablet < rest ? 1 : 0))
    }
    guard least > 0 else { return nil }
    let written = run.loadedByteCount + run.mergeWrittenByteCount
    return Double(written) / Double(byteCount) / Double(least)
  }
}

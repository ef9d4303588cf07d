extension TimedModel {
  /// Bytes written until the end of the loads against the least that could have been, and how that
  /// is known: for each tablet `WriteReference`, with as many components as it had at most when a
  /// load came. Nil if nothing was loaded.
  public func optimalityGap(
    of run: TimedRun
  ) -> (gap: Double, kind: WriteReference.Kind)? {
    let sizes = ComponentSizes(overlap: overlap, rowsetSizes: rowsetSizes)
    let references = run.tabletLoads.filter { !$0.byteCounts.isEmpty }.map { loads in
      WriteReference(loads, componentMax: max(1, loads.componentMax), sizes: sizes)
    }
    let least = references.reduce(0) { $0 + $1.byteCount }
    guard least > 0 else { return nil }
    let written = run.loadedByteCount + run.mergeWrittenByteCount
    let isExact = references.allSatisfy { $0.kind == .exact }
    return (Double(written) / least, isExact ? .exact : .bound)
  }
}

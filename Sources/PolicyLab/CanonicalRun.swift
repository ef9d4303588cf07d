/// What a policy cost in the canonical model. All bytes are exact.
public struct CanonicalRun: Hashable, Sendable {
  public let loadByteCount: Int
  public private(set) var flushCount = 0
  /// Merges carried out.
  public private(set) var mergeCount = 0
  /// Bytes written by merges.
  public private(set) var mergeByteCount = 0
  /// The greatest number of components after a flush had settled.
  public private(set) var settledMax = 0
  /// The number of components after the last flush had settled.
  public private(set) var settledFinal = 0
  /// The greatest number of components at any time: it is reached when a flush has arrived and the
  /// policy has not been asked yet.
  public private(set) var componentMax = 0

  private var settledSum = 0
  private var mergeFreeFlushCount = 0
  private var mergeCountBeforeFlush = 0

  init(loadByteCount: Int) { self.loadByteCount = loadByteCount }

  /// Bytes written: every flush once, and every merge.
  public var totalByteCount: Int { flushCount * loadByteCount + mergeByteCount }

  /// Bytes written if a flush that sets off a merge is merged straight from memory, as theory
  /// counts: merges, and the flushes that set off none.
  public var buildByteCount: Int { mergeFreeFlushCount * loadByteCount + mergeByteCount }

  /// The mean of the settled numbers of components over all flushes; 0 without flushes.
  public var settledMean: Double {
    flushCount == 0 ? 0 : Double(settledSum) / Double(flushCount)
  }

  /// Bytes written per byte loaded, the load included; 1 without flushes. Mao et al. count merges
  /// only, which is 1 less.
  public var writeAmplification: Double {
    flushCount == 0 ? 1 : Double(totalByteCount) / Double(flushCount * loadByteCount)
  }

  /// `buildByteCount` against the least that any policy could have written that never settles
  /// above the same number of components: 1 is optimal. 1 without flushes.
  public var optimalityGap: Double {
    guard flushCount > 0 else { return 1 }
    let optimum = KBoundedOptimum.buildCount(componentMax: settledMax, flushCount: flushCount)
    return Double(buildByteCount) / Double(loadByteCount) / Double(optimum)
  }

  mutating func noteFlush(componentCount: Int) {
    flushCount += 1
    componentMax = max(componentMax, componentCount)
    mergeCountBeforeFlush = mergeCount
  }

  mutating func noteMerge(byteCount: Int) {
    mergeCount += 1
    mergeByteCount += byteCount
  }

  mutating func noteSettled(componentCount: Int) {
    settledMax = max(settledMax, componentCount)
    settledSum += componentCount
    settledFinal = componentCount
    if mergeCount == mergeCountBeforeFlush { mergeFreeFlushCount += 1 }
  }
}

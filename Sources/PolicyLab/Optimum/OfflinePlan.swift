/// A load of a trace for which the cheapest way to merge is sought.
public struct OfflineLoad: Hashable, Sendable {
  public var byteCount: Int
  /// Queries between this load and the next; each pays for every component there is then.
  public var queryCount: Double

  public init(byteCount: Int, queryCount: Double = 0) {
    precondition(byteCount >= 0 && queryCount >= 0, "a load has no negative bytes or queries")
    self.byteCount = byteCount
    self.queryCount = queryCount
  }
}

/// What reads and writes cost, in a unit of one's own: bytes, seconds, money.
public struct OfflineCosts: Hashable, Sendable {
  public var perByteWritten: Double
  /// What one query pays for one component.
  public var perComponentRead: Double
  /// Whether a load that is merged at once is not written by itself before, as theory counts; the
  /// engine always writes it.
  public var mergesFromMemory: Bool

  public init(
    perByteWritten: Double = 1, perComponentRead: Double = 0, mergesFromMemory: Bool = false
  ) {
    precondition(perByteWritten >= 0 && perComponentRead >= 0, "costs are not negative")
    self.perByteWritten = perByteWritten
    self.perComponentRead = perComponentRead
    self.mergesFromMemory = mergesFromMemory
  }
}

/// What is merged at each load of a trace, and what that costs.
///
/// After a load some of the youngest components are merged with it, never others: a merge of older
/// ones could as well have been done when the youngest of its inputs came. It would have written
/// the same, and there would have been fewer components since.
public struct OfflinePlan: Hashable, Sendable {
  /// For each load the first one that its component holds once merges are done; the load itself
  /// where nothing is merged.
  public let firstLoads: [Int]
  public let cost: Double
  public let writtenByteCount: Int
  public let mergeCount: Int
  public let componentMax: Int
  /// Components after a load, mean over loads.
  public let componentMean: Double

  /// Carries the plan out and adds up what it costs.
  /// - Precondition: every first load is that of a component which exists then, or the load.
  public init(firstLoads: [Int], of loads: [OfflineLoad], costs: OfflineCosts) {
    precondition(firstLoads.count == loads.count, "a plan has one step for each load")
    var stack: [(first: Int, byteCount: Int)] = []
    var written = 0
    var reads = 0.0
    var (mergeCount, componentMax, componentSum) = (0, 0, 0)
    for (load, (first, arrival)) in zip(firstLoads, loads).enumerated() {
      stack.append((load, arrival.byteCount))
      if first == load || !costs.mergesFromMemory { written += arrival.byteCount }
      if first < load {
        var byteCount = 0
        while let last = stack.last, last.first >= first {
          byteCount += last.byteCount
          stack.removeLast()
        }
        precondition(
          (stack.last?.first ?? -1) < first && firstLoads[first] <= first, "no such component")
        stack.append((first, byteCount))
        written += byteCount
        mergeCount += 1
      }
      reads += arrival.queryCount * Double(stack.count)
      componentMax = max(componentMax, stack.count)
      componentSum += stack.count
    }
    self.firstLoads = firstLoads
    cost = Double(written) * costs.perByteWritten + reads * costs.perComponentRead
    writtenByteCount = written
    self.mergeCount = mergeCount
    self.componentMax = componentMax
    componentMean = loads.isEmpty ? 0 : Double(componentSum) / Double(loads.count)
  }
}

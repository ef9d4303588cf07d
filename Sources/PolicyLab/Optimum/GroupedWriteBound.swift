import StorageBase

/// A bound from below of what merges have to write, where a few loads have most of the bytes.
///
/// Neighbouring loads are put into some groups of about as many bytes, large loads into groups of
/// their own, and the tablet is looked at only when a group is complete. With r for the last load
/// of each group, the components that hold some r make a stack of groups, of at most k. When groups
/// a to b come into one component, a merge has written r of a and all of a + 1 to b. So merges
/// write no less than the cheapest plan for groups that pays so much, which a dynamic programme
/// finds.
struct GroupedWriteBound {
  private var byteCounts: [Double] = []
  /// Of the last load of each.
  private var lastByteCounts: [Double] = []

  /// Groups that are aimed at. Large loads make more of them, at most twice as many.
  private static let groupCount = 40

  init(_ loads: [Double]) {
    let goal = loads.reduce(0, +) / Double(Self.groupCount)
    var open = 0.0
    for load in loads {
      open += load
      guard open >= goal else { continue }
      byteCounts.append(open)
      lastByteCounts.append(load)
      open = 0
    }
  }

  /// - Parameter merged: what a component of loads of so many bytes has at least.
  func byteCount(componentMax: Int, merged: (Double) -> Double) -> Double {
    let count = byteCounts.count
    // Whoever has as many components as groups need not merge.
    guard componentMax < count else { return 0 }
    var table = [Double](repeating: 0, count: count * count)
    for first in byteCounts.indices {
      var sum = lastByteCounts[first]
      for last in first + 1..<count {
        sum += byteCounts[last]
        table[first * count + last] = merged(sum)
      }
    }
    let problem = OfflineProblem(
      [OfflineLoad](repeating: OfflineLoad(byteCount: 0), count: count),
      OfflineCosts(mergesFromMemory: true), componentBytes: table)
    return OfflineOptimum.leastCost(problem, componentMax: componentMax)
  }
}

import StorageBase

/// What a component made of several loads has: the sum of their bytes, or less.
struct ComponentSizes {
  var overlap = KeyOverlap.none
  /// Nil if nothing is encoded better by a merge.
  var rowsetSizes: RowsetSizes?

  /// Of the component of loads `a` to `b` the bytes at [a·n + b]; empty if they are sums. Nil if
  /// they depend on how it was merged.
  func table(of loads: TabletLoads) -> [Double]? {
    if let rowsetSizes {
      guard overlap == .none, loads.rowCounts.allSatisfy({ $0 > 0 }) else { return nil }
      return table(of: loads.byteCounts) { range in
        rowsetSizes.byteCount(ofRows: loads.rowCounts[range].reduce(0, +))
      }
    }
    guard overlap != .none else { return [] }
    return table(of: loads.byteCounts) { range in
      Double(overlap.mergedByteCount(of: Array(loads.byteCounts[range])))
    }
  }

  private func table(
    of byteCounts: [Int], _ merged: (ClosedRange<Int>) -> Double
  ) -> [Double] {
    var table = [Double](repeating: 0, count: byteCounts.count * byteCounts.count)
    for first in byteCounts.indices {
      for last in first..<byteCounts.count {
        table[first * byteCounts.count + last] =
          first == last ? Double(byteCounts[first]) : merged(first...last)
      }
    }
    return table
  }

  /// What each load adds to a component at least, but for keys that it has in common with others.
  func leastBytes(of loads: TabletLoads) -> [Double] {
    guard let least = rowsetSizes?.leastBytesPerRow else {
      return loads.byteCounts.map(Double.init)
    }
    return zip(loads.byteCounts, loads.rowCounts).map { byteCount, rowCount in
      rowCount > 0 ? min(Double(byteCount), least * Double(rowCount)) : Double(byteCount)
    }
  }
}

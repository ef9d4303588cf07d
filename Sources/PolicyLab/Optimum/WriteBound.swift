import StorageBase

/// A bound from below of what has to be written for any number of loads of any sizes, for traces
/// that are too long for `OfflineOptimum`.
///
/// With at most k components, at most C(d+k, k) - 1 loads can be written no more than d times each,
/// where a load that is merged at once is not written by itself before: the count behind
/// `KBoundedOptimum`, which holds for any choice among the loads of a trace, since whoever leaves
/// out the others has a stack of these. So if the largest loads are those that are written least,
/// the k largest once, the next ones twice and so on, less cannot be written. Of equal loads it is
/// OPT(k, n).
///
/// Where keys overlap, components of many loads have less. Then loads are cut into blocks, and a
/// merge is counted with what it writes of the newest block alone, so that it counts once; of that
/// block no component has less than the share that keys of all of it would have. Every length of
/// blocks gives a bound, and so does `GroupedWriteBound`; the greatest is taken.
struct WriteBound {
  /// What each load adds to components, but for overlap.
  private let loads: [Double]
  private let loadedByteCount: Double
  /// Bytes of all keys; infinite if each load brings new ones.
  private let space: Double
  /// Whether merges make components smaller in two ways at once. Then what overlap leaves is only
  /// known for all loads together.
  private let isCautious: Bool

  init(_ loads: TabletLoads, sizes: ComponentSizes) {
    self.loads = sizes.leastBytes(of: loads)
    loadedByteCount = loads.byteCounts.reduce(0) { $0 + Double($1) }
    isCautious = sizes.overlap != .none && sizes.rowsetSizes != nil
    switch sizes.overlap {
    case .none: space = .infinity
    case .uniform(let byteCount): space = byteCount > 0 ? Double(byteCount) : .infinity
    }
  }

  /// Bytes of blocks, in those of the key space.
  private static let blockSpaces = [0.25, 0.5, 1, 2, 4]

  /// - Complexity: that of sorting the loads a few times, and of a small dynamic programme.
  func byteCount(componentMax: Int) -> Double {
    var most = merged(loads[...], componentMax, share: share(of: loadedByteCount))
    if space.isFinite, !isCautious {
      for spaces in Self.blockSpaces where spaces * space < loadedByteCount {
        most = max(most, merged(componentMax, blockByteCount: spaces * space))
      }
    }
    let grouped = GroupedWriteBound(loads).byteCount(componentMax: componentMax) { byteCount in
      byteCount * share(of: isCautious ? loadedByteCount : byteCount)
    }
    return loadedByteCount + max(most, grouped)
  }

  /// What merges write at least, by blocks of so many bytes.
  private func merged(_ componentMax: Int, blockByteCount: Double) -> Double {
    var sum = 0.0
    var first = 0
    var open = 0.0
    for (place, load) in loads.enumerated() {
      open += load
      guard open >= blockByteCount || place == loads.count - 1 else { continue }
      sum += merged(loads[first...place], componentMax, share: share(of: open))
      (first, open) = (place + 1, 0)
    }
    return sum
  }

  /// What merges write at least of these loads.
  private func merged(
    _ loads: ArraySlice<Double>, _ componentMax: Int, share: Double
  ) -> Double {
    var sum = 0.0
    var writeCount = 1
    // C(d + k, k) for d writes.
    var reached = componentMax + 1
    for (place, load) in loads.sorted(by: >).enumerated() {
      while place >= reached - 1 {
        writeCount += 1
        reached = reached * (writeCount + componentMax) / writeCount
      }
      sum += load * Double(writeCount - 1)
    }
    return sum * share
  }

  /// Of so many bytes of loads the share that is left when equal keys have become one, at least.
  private func share(of byteCount: Double) -> Double {
    guard space.isFinite, byteCount > 0 else { return 1 }
    return space * (1 - exponential(-byteCount / space)) / byteCount
  }
}

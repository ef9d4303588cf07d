import StorageBase

extension PageEncoder {
  private static let sampleCount = 64

  /// How the differences between neighbours would be laid out; nil when a sample of them says that
  /// the block would not be below `limit` bytes. The first difference, which nobody needs, is
  /// zero or the second.
  func planDifferences<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, below limit: Int
  ) -> BlockPlan<T>? {
    guard count >= 2, promisesSmallDifferences(values, count: count, below: limit) else {
      return nil
    }
    let target = differences.array(of: T.self, count: count)
    target[0] = values[1] &- values[0]
    var low = target[0]
    var high = target[0]
    for row in 1..<count {
      let difference = values[row] &- values[row &- 1]
      target[row] = difference
      low = difference < low ? difference : low
      high = difference > high ? difference : high
    }
    return BlockPlan(
      UnsafePointer(target), count: count, min: low, max: high, patches: patches)
  }

  /// Outliers do not count, since they can become exceptions.
  private func promisesSmallDifferences<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, below limit: Int
  ) -> Bool {
    let sampled = min(count - 1, Self.sampleCount)
    return withUnsafeTemporaryAllocation(of: T.self, capacity: sampled) { sample in
      for index in 0..<sampled {
        let row = 1 + index * (count - 1) / sampled
        sample[index] = values[row] &- values[row &- 1]
      }
      let bounds = TrimmedBounds(sample, trimming: sampled / 25)
      let range = bounds.high &- bounds.low
      let width = bitCount(of: T.Magnitude(truncatingIfNeeded: range))
      return width < T.bitWidth && packedByteCount(count, width: width) < limit
    }
  }

  /// Appends the differences that `planDifferences` left behind.
  func appendDifferences<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ plan: BlockPlan<T>?
  ) {
    let steps = UnsafePointer(differences.base.assumingMemoryBound(to: T.self))
    payload.append(values[0] &- steps[0])
    plan?.append(steps, count: count, patches: patches, to: payload)
  }
}

import StorageBase
import TabletModel

extension SizeTieredPolicy {
  public func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection? {
    let buckets = buckets(of: stack)
    return { range in
      guard let place = buckets.firstIndex(where: { $0.range.overlaps(range) }) else { return nil }
      let bucket = buckets[place]
      let about = "about \(ByteSize(Int(bucket.mean)))"
      guard bucket.range.lowerBound <= range.lowerBound else {
        return PickObjection(
          "several buckets",
          because: "\(stack.rowsets[bucket.range.lowerBound - 1].versions) is not of the size of "
            + "those after it, \(about)")
      }
      if bucket.range.count < rowsetCountMin {
        return PickObjection(
          "bucket not full",
          because: "rowsets of \(about): \(bucket.range.count), min \(rowsetCountMin)")
      }
      guard bucket.range.prefix(rowsetCountMax) == range else {
        return PickObjection(
          "part of a bucket",
          because: "of \(bucket.range.count) rowsets of \(about) the oldest \(rowsetCountMax) or "
            + "all are merged")
      }
      return PickObjection(
        "a smaller bucket first", because: "a bucket of smaller rowsets than \(about) is full too")
    }
  }
}

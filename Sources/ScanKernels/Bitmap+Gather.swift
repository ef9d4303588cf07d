extension Bitmap {
  /// The bits at `rows`, in that order. Linear in `rows`.
  /// - Precondition: every row is in `0..<count`.
  public func gather(_ rows: [UInt32]) -> Bitmap {
    precondition(rows.allSatisfy { $0 < count }, "a row is not in 0..<\(count)")
    return rows.withUnsafeBufferPointer { gatherChecked($0) }
  }

  func gatherChecked(_ rows: UnsafeBufferPointer<UInt32>) -> Bitmap {
    let gathered = Bitmap(count: rows.count)
    let (source, target) = (words, gathered.mutableWords)
    for index in rows.indices {
      let row = rows[index]
      let bit = source[Int(row &>> 6)] &>> UInt64(row & 63) & 1
      target[index &>> 6] |= bit &<< UInt64(truncatingIfNeeded: index & 63)
    }
    return gathered
  }
}

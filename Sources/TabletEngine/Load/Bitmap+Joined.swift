import ScanKernels

extension Bitmap {
  /// Some bitmaps one after the other; nil when all are.
  /// - Parameter missing: what the bits of one that is nil are.
  static func joined(
    _ bitmaps: [Bitmap?], _ counts: [Int], missing: Bool
  ) -> Bitmap? {
    guard bitmaps.contains(where: { $0 != nil }) else { return nil }
    let joined = Bitmap(count: counts.reduce(0, +))
    var start = 0
    for (bitmap, count) in zip(bitmaps, counts) {
      for row in 0..<count where bitmap?[row] ?? missing { joined.set(start + row) }
      start += count
    }
    return joined
  }
}

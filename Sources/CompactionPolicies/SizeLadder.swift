/// The magnitudes by which the gradient policy compares sizes: powers of two between a floor and a
/// ceiling.
///
/// A size below the floor has level 0, one at or above the ceiling the level of the ceiling, and
/// any other that of the greatest power of two not above it.
struct SizeLadder: Sendable {
  let floor: Int
  let ceiling: Int

  /// - Parameter limit: the ceiling is the greatest power of two not above it; at least 1.
  init(floor: Int, limit: Int) {
    precondition(limit >= 1, "a ladder needs a positive limit")
    self.floor = floor
    ceiling = SizeLadder.powerOfTwo(notAbove: limit)
  }

  func level(of byteCount: Int) -> Int {
    if byteCount < floor || byteCount < 1 { return 0 }
    return min(SizeLadder.powerOfTwo(notAbove: byteCount), ceiling)
  }

  private static func powerOfTwo(notAbove value: Int) -> Int {
    1 << (Int.bitWidth - 1 - value.leadingZeroBitCount)
  }
}

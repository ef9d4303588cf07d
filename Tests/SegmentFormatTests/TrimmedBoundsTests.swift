import StorageBase
import Testing

@testable import SegmentFormat

/// Against sorting.
struct TrimmedBoundsTests {
  @Test(arguments: 0..<200 as Range<UInt64>) func sameAsSorting(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let trimmed = Int.random(in: 0...6, using: &random)
    let count = Int.random(in: 2 * trimmed + 1...140, using: &random)
    let bound: Int64 = seed % 3 == 0 ? 5 : .max
    var numbers = (0..<count).map { _ in Int64.random(in: -bound...bound, using: &random) }
    if seed % 5 == 0 { numbers[0] = .min }
    if seed % 7 == 0 { numbers[count - 1] = .max }
    let sorted = numbers.sorted()
    numbers.withUnsafeMutableBufferPointer {
      let bounds = TrimmedBounds($0, trimming: trimmed)
      #expect(bounds.low == sorted[trimmed])
      #expect(bounds.high == sorted[count - 1 - trimmed])
    }
  }
}

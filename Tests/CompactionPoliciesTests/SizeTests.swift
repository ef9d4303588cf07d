import StorageBase
import Testing

@testable import CompactionPolicies

@Suite struct SizeTests {
  /// The definition, step by step: the greatest power of two from the floor to the ceiling.
  @Test func laddersFollowTheirDefinition() {
    var random = SeededGenerator(seed: 1)
    for (floor, limit) in [(1024, 512 << 20), (64 << 20, 512 << 20), (0, 3 << 20), (1 << 40, 7)] {
      let ladder = SizeLadder(floor: floor, limit: limit)
      var ceiling = 1
      while ceiling * 2 <= limit { ceiling *= 2 }
      let borders = [0, 1, floor - 1, floor, ceiling - 1, ceiling, ceiling + 1, limit, Int.max]
      let sizes = (0..<200).map { _ in Int.random(in: 0...(1 << 31), using: &random) >> 3 }
      for size in (borders + sizes) where size >= 0 {
        var level = 1
        while level <= ceiling / 2, level * 2 <= size { level *= 2 }
        #expect(ladder.level(of: size) == (size < max(floor, 1) ? 0 : level), "\(size)")
      }
    }
  }

  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1 << 20, "1 MiB"),
    ((1 << 20) - 1, "1023.9 KiB"), (5 << 29, "2.5 GiB"), (3 << 40, "3 TiB"),
    (Int.max, "8191.9 PiB"),
  ])
  func byteSizes(byteCount: Int, text: String) {
    #expect("\(ByteSize(byteCount))" == text)
  }
}

import StorageBase
import Testing

struct RandomnessTests {
  /// The numbers published with SplitMix64. A change here would change every recorded run.
  @Test func mixIsSplitMix64() {
    // Published: SplitMix64 seeded with 1234567.
    var state: UInt64 = 1_234_567
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    for number in expected {
      state &+= 0x9E37_79B9_7F4A_7C15
      #expect(mixBits(state) == number)
    }
  }

  /// xoshiro256** written again from its paper, on arrays.
  @Test(arguments: [0, 1, 42, .max] as [UInt64])
  func generatorIsXoshiro256StarStar(seed: UInt64) {
    var words = (1...4 as ClosedRange<UInt64>).map { mixBits(seed &+ $0 &* 0x9E37_79B9_7F4A_7C15) }
    func rotate(_ value: UInt64, _ count: Int) -> UInt64 {
      value << count | value >> (64 - count)
    }
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<1000 {
      let expected = rotate(words[1] &* 5, 7) &* 9
      let shifted = words[1] << 17
      words[2] ^= words[0]
      words[3] ^= words[1]
      words[1] ^= words[2]
      words[0] ^= words[3]
      words[2] ^= shifted
      words[3] = rotate(words[3], 45)
      #expect(generator.next() == expected)
    }
  }

  @Test func sameSeedSameNumbers() {
    func numbers(_ seed: UInt64) -> [UInt64] {
      var generator = SeededGenerator(seed: seed)
      return (0..<100).map { _ in generator.next() }
    }
    #expect(numbers(7) == numbers(7))
    #expect(numbers(7) != numbers(8))
  }

  @Test func unitsAreUniform() {
    var generator = SeededGenerator(seed: 9)
    var buckets = [Int](repeating: 0, count: 10)
    for _ in 0..<20_000 {
      let unit = generator.nextUnit()
      #expect(unit >= 0 && unit < 1)
      buckets[Int(unit * 10)] += 1
    }
    // Six standard deviations of a binomial count of 20 000 at 0.1 are 255.
    for count in buckets { #expect((1745...2255).contains(count)) }
  }

  @Test func splitGeneratorsDiffer() {
    var parent = SeededGenerator(seed: 3)
    var (first, second) = (parent.split(), parent.split())
    let numbers = (0..<100).flatMap { _ in [first.next(), second.next(), parent.next()] }
    #expect(Set(numbers).count == 300)
  }

  @Test func clockMovesOnlyWhenTold() {
    let clock = ManualClock(Timestamp(rawValue: 5))
    #expect(clock.now() == Timestamp(rawValue: 5))
    clock.advance(bySeconds: 1.5)
    #expect(clock.now().rawValue == 1_500_005)
    #expect(clock.now().seconds(since: Timestamp(rawValue: 5)) == 1.5)
    #expect(Timestamp(rawValue: 5).seconds(since: clock.now()) == -1.5)
  }
}

import StorageBase
import Testing

@testable import StreamTransforms

struct ExactFloatSumTests {
  private func sum(_ numbers: [Double]) -> ExactFloatSum {
    var sum = ExactFloatSum()
    for number in numbers { sum.add(number) }
    return sum
  }

  @Test func sumsAreExact() {
    #expect(sum([]).rounded == 0)
    #expect(sum([0.1, 0.2, 0.3]).rounded == 0.6)
    #expect(sum(Array(repeating: 0.1, count: 10)).rounded == 1)
    #expect(sum([1e100, 1, -1e100]).rounded == 1)
    #expect(sum([1e16, 1, 1e-16]).rounded == 1e16 + 2)
    #expect(sum([1, 0x1p-53, 0x1p-1074]).rounded == 1.0.nextUp)
    #expect(sum([1, 0x1p-53]).rounded == 1)
    #expect(sum([1, 0x1p-53, -0x1p-1074]).rounded == 1)
    #expect(sum([.leastNonzeroMagnitude, .leastNonzeroMagnitude]).rounded == 0x1p-1073)
    #expect(sum([-0.0]).rounded.sign == .plus)
  }

  @Test func specialNumbersDecide() {
    #expect(sum([1, .infinity, -5]).rounded == .infinity)
    #expect(sum([-.infinity, 5]).rounded == -.infinity)
    #expect(sum([.infinity, -.infinity]).rounded.isNaN)
    #expect(sum([.nan, .infinity]).rounded.isNaN)
    #expect(sum([.greatestFiniteMagnitude, .greatestFiniteMagnitude]).rounded == .infinity)
  }

  /// Whatever the order, and however they are put together, the sum is the same bits.
  @Test(arguments: 0..<40)
  func orderAndGroupingDoNotMatter(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let numbers = (0..<60).map { _ -> Double in
      let exponent = Int.random(in: -300...300, using: &generator)
      return Double.random(in: -1...1, using: &generator)
        * Double(sign: .plus, exponent: exponent, significand: 1)
    }
    let expected = sum(numbers).rounded
    for _ in 0..<10 {
      let shuffled = numbers.shuffled(using: &generator)
      let cut = Int.random(in: 0...shuffled.count, using: &generator)
      var whole = sum(Array(shuffled[cut...]))
      var writer = ByteWriter()
      sum(Array(shuffled[..<cut])).encode(to: &writer)
      try writer.bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "f")
        whole.add(try ExactFloatSum(from: &reader))
        try reader.requireEnd("sum")
      }
      #expect(whole.rounded == expected)
      #expect(whole.parts.count <= 64)
    }
  }
}

import Foundation
import StorageBase
import Testing

@Suite struct LogarithmTests {
  private func values() -> [Double] {
    var random = SeededGenerator(seed: 1)
    return (0..<1000).map { _ in Double.random(in: 1e-9...1e18, using: &random) }
      + [1, 2, 0.5, 1.5, 3, 1e-300, 1e300, 1 + .ulpOfOne, 2 - .ulpOfOne, .leastNonzeroMagnitude]
  }

  @Test func logarithmsAreThoseOfTheLibrary() {
    for value in values() {
      let exact = log2(value)
      #expect(abs(binaryLogarithm(value) - exact) <= 1e-14 * max(1, abs(exact)), "\(value)")
      #expect(abs(naturalLogarithm(value) - log(value)) <= 1e-14 * max(1, abs(log(value))))
    }
  }

  @Test func exponentialsAreThoseOfTheLibrary() {
    var random = SeededGenerator(seed: 2)
    let values = (0..<1000).map { _ in Double.random(in: -700...700, using: &random) }
    for value in values + [0, 1, -1, 1e-9, 709, -1000, 1000, .infinity, -.infinity] {
      let exact = exp(value)
      let found = exponential(value)
      #expect(found == exact || abs(found / exact - 1) <= 1e-12, "\(value)")
    }
  }
}

/// A seeded generator: the same seed gives the same numbers on every machine.
///
/// xoshiro256** by Blackman and Vigna, seeded through SplitMix64 as its authors advise. Not for
/// cryptography.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  @usableFromInline var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var splitMix = seed
    func next() -> UInt64 {
      splitMix &+= 0x9E37_79B9_7F4A_7C15
      return mixBits(splitMix)
    }
    state = (next(), next(), next(), next())
  }

  @inlinable public mutating func next() -> UInt64 {
    func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
      (value &<< count) | (value &>> (64 &- count))
    }
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 &<< 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// Uniform in 0..<1 with 53 bits.
  @inlinable public mutating func nextUnit() -> Double {
    Double(next() &>> 11) * 0x1p-53
  }

  /// An independent generator; the parent moves on by one number.
  public mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }
}

/// The finaliser of SplitMix64: a bijection that spreads every input bit over all output bits.
@inlinable public func mixBits(_ value: UInt64) -> UInt64 {
  var bits = value
  bits = (bits ^ (bits &>> 30)) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ (bits &>> 27)) &* 0x94D0_49BB_1331_11EB
  return bits ^ (bits &>> 31)
}

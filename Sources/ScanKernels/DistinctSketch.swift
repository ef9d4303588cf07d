import StorageBase

/// An estimate of how many distinct values it has been shown, in bounded memory.
///
/// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, AofA 2007) with 64-bit hashes, which need no
/// correction for large counts (Heule, Nunkesser, Hall, EDBT 2013), and 2^14 registers, as Apache
/// Doris has: the standard error is 1.04 / sqrt(2^14), that is 0.81 %. The estimator is that of
/// Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284,
/// algorithm 6): without bias over the whole range, so it needs none of the tables that Heule et
/// al. correct small counts by.
///
/// Up to 160 values it keeps their hashes (8 bytes each) and counts them; from then on it has
/// 16 KiB of registers.
struct DistinctSketch {
  static let precision = 14
  static let registerCount = 1 << precision
  /// Hashes that are kept before there are registers.
  static let hashCountMax = 160
  /// The highest value of a register: the leading zeros of the other bits of a hash, plus one.
  private static let rankMax = 64 - precision + 1
  /// 1 / (2 ln 2).
  private static let alpha = 0.721_347_520_444_481_7

  /// Distinct, in the order met; empty once there are registers.
  private var hashes: [UInt64] = []
  /// Empty while there are few values.
  private var registers: [UInt8] = []

  /// Spreads a word; zero as well.
  static func hash(_ word: UInt64) -> UInt64 { mixBits(word &+ 0x9E37_79B9_7F4A_7C15) }

  mutating func insert(hash: UInt64) {
    if !registers.isEmpty {
      raise(hash)
      return
    }
    if hashes.contains(hash) { return }
    hashes.append(hash)
    if hashes.count > Self.hashCountMax { makeRegisters() }
  }

  private mutating func makeRegisters() {
    registers = Array(repeating: 0, count: Self.registerCount)
    for hash in hashes { raise(hash) }
    hashes = []
  }

  private mutating func raise(_ hash: UInt64) {
    let index = Int(truncatingIfNeeded: hash &>> UInt64(64 &- Self.precision))
    let rest = hash &<< UInt64(Self.precision)
    let rank = UInt8(min(rest.leadingZeroBitCount &+ 1, Self.rankMax))
    if registers[index] < rank { registers[index] = rank }
  }

  /// Afterwards it has been shown what both have.
  mutating func formUnion(_ other: DistinctSketch) {
    if other.registers.isEmpty {
      for hash in other.hashes { insert(hash: hash) }
      return
    }
    if registers.isEmpty { makeRegisters() }
    for index in registers.indices {
      registers[index] = max(registers[index], other.registers[index])
    }
  }

  var estimate: Int64 {
    if registers.isEmpty { return Int64(hashes.count) }
    var histogram = [Double](repeating: 0, count: Self.rankMax + 1)
    for register in registers { histogram[Int(register)] += 1 }
    let m = Double(Self.registerCount)
    var z = m * Self.tau(1 - histogram[Self.rankMax] / m)
    for rank in stride(from: Self.rankMax - 1, through: 1, by: -1) {
      z = 0.5 * (z + histogram[rank])
    }
    z += m * Self.sigma(histogram[0] / m)
    return Int64((Self.alpha * m * m / z).rounded())
  }

  /// `x + sum of x^(2^k) * 2^(k-1) for k = 1, 2, …`: what empty registers add.
  private static func sigma(_ x: Double) -> Double {
    if x == 1 { return .infinity }
    var (power, weight, sum) = (x, 1.0, x)
    while true {
      power *= power
      let next = sum + power * weight
      if next == sum { return sum }
      sum = next
      weight += weight
    }
  }

  /// `(1 - x - sum of (1 - x^(2^-k))^2 * 2^-k for k = 1, 2, …) / 3`: what full registers add.
  private static func tau(_ x: Double) -> Double {
    if x == 0 || x == 1 { return 0 }
    var (root, weight, sum) = (x, 1.0, 1 - x)
    while true {
      root = root.squareRoot()
      weight *= 0.5
      let next = sum - (1 - root) * (1 - root) * weight
      if next == sum { return sum / 3 }
      sum = next
    }
  }

  var byteCount: Int { hashes.capacity * 8 + registers.count + MemoryLayout<Self>.size }
}

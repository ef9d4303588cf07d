import StorageBase

/// How large loads are.
public enum LoadSizes: Hashable, Sendable {
  case constant(byteCount: Int)
  /// The logarithm is normal; `sigma` is its standard deviation. With 1, two thirds of the loads
  /// lie between a third and three times the median.
  case logNormal(medianByteCount: Int, sigma: Double)
  /// Small loads, and a share of large ones.
  case mixed(smallByteCount: Int, largeByteCount: Int, largeShare: Double)
  /// As recorded; from the start again after the last.
  case trace([Int])
}

/// The sizes of one run.
struct LoadSizer {
  private let sizes: LoadSizes
  private var random: SeededGenerator
  private var count = 0
  /// The second of two normal numbers, which come in pairs.
  private var spare: Double?

  init(_ sizes: LoadSizes, random: SeededGenerator) {
    self.sizes = sizes
    self.random = random
  }

  /// Bytes of the next load; at least 1.
  mutating func next() -> Int {
    defer { count += 1 }
    switch sizes {
    case .constant(let byteCount): return max(1, byteCount)
    case .logNormal(let median, let sigma):
      let size = Double(median) * exponential(sigma * normal())
      return max(1, Int(min(size, Double(Int.max / 1024)).rounded()))
    case .mixed(let small, let large, let share):
      return max(1, random.nextUnit() < share ? large : small)
    case .trace(let sizes): return sizes.isEmpty ? 1 : max(1, sizes[count % sizes.count])
    }
  }

  /// By the polar method of Marsaglia.
  private mutating func normal() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let x = 2 * random.nextUnit() - 1
      let y = 2 * random.nextUnit() - 1
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * naturalLogarithm(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }
}

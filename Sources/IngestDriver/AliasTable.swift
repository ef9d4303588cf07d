import Glibc
import StorageBase

/// Draws an index with given weights in constant time: one random number, one look into a table
/// of 8 bytes per index.
///
/// Walker's alias method, built by Vose's algorithm ("A linear algorithm for generating random
/// numbers with a given distribution", 1991). Immutable and thread-safe.
public struct AliasTable: Sendable {
  private struct Entry: Sendable {
    /// Chance, in 2^-32, that the entry's own index is drawn rather than the alias.
    var threshold: UInt32
    var alias: UInt32
  }

  private let entries: [Entry]

  public var count: Int { entries.count }

  /// Linear in the number of weights.
  /// - Precondition: the weights are finite and not negative, their sum is positive, and there are
  ///   fewer than 2^32.
  public init(weights: [Double]) {
    precondition(weights.count < Int(UInt32.max) && weights.allSatisfy { $0 >= 0 && $0.isFinite })
    let sum = weights.reduce(0, +)
    precondition(sum > 0)
    var shares = weights.map { $0 / sum * Double(weights.count) }
    var entries = weights.indices.map { Entry(threshold: .max, alias: UInt32($0)) }
    var small = shares.indices.filter { shares[$0] < 1 }
    var large = shares.indices.filter { shares[$0] >= 1 }
    // What is left in either list at the end is 1 but for rounding, and keeps its own index.
    while let poor = small.last, let rich = large.last {
      small.removeLast()
      entries[poor] = Entry(
        threshold: UInt32(min(shares[poor] * 0x1p32, 0x1p32 - 1)), alias: UInt32(rich))
      shares[rich] -= 1 - shares[poor]
      if shares[rich] < 1 {
        large.removeLast()
        small.append(rich)
      }
    }
    self.entries = entries
  }

  /// Index `i` of 0..<count with a weight of `1 / (i + 1)^exponent`: Zipf's law, 0 the likeliest.
  public static func zipf(count: Int, exponent: Double) -> AliasTable {
    AliasTable(weights: (1...count).map { pow(Double($0), -exponent) })
  }

  /// An index; `bits` are 64 uniformly random ones.
  @inline(__always) public func draw(_ bits: UInt64) -> Int {
    let slot = Int(truncatingIfNeeded: ((bits &>> 32) &* UInt64(entries.count)) &>> 32)
    let entry = entries[slot]
    return UInt32(truncatingIfNeeded: bits) < entry.threshold ? slot : Int(entry.alias)
  }
}

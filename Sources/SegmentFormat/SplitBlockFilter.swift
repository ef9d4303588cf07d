import CKernels
import Glibc
import ScanKernels
import StorageBase

/// A split-block Bloom filter: a hash picks a block of 32 bytes and one bit in each of its eight
/// words, so that a probe touches one cache line. Immutable and thread-safe once built.
///
/// Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (JEA 14, 2009), in
/// the form and with the constants of Apache Parquet and Impala.
struct SplitBlockFilter: Sendable {
  private let words: AlignedBuffer

  static let blockByteCount = 32
  /// Larger filters would be read longer than the pages they save.
  static let byteCountMax = 1 << 27

  private static let salts: [UInt32] = [
    0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947,
    0x5C6B_FB31,
  ]

  private var blockCount: Int { words.byteCount / Self.blockByteCount }

  /// A filter of the size that gives the rate for that many hashes, within the greatest size.
  init(_ hashes: DistinctHashes, falsePositiveRate: Double) {
    self.init(hashCount: hashes.count, falsePositiveRate: falsePositiveRate)
    hashes.visit { insert($0) }
  }

  /// The same of hashes that are different, or nearly all of them.
  init(_ hashes: [UInt64], falsePositiveRate: Double) {
    self.init(hashCount: hashes.count, falsePositiveRate: falsePositiveRate)
    for hash in hashes { insert(hash) }
  }

  /// An empty one.
  private init(hashCount: Int, falsePositiveRate: Double) {
    let wanted = Double(hashCount) / Self.load(forFalsePositiveRate: falsePositiveRate)
    let blockCountMax = Self.byteCountMax / Self.blockByteCount
    let blockCount = max(1, Int(min(wanted, Double(blockCountMax)).rounded(.up)))
    words = AlignedBuffer(byteCount: blockCount * Self.blockByteCount, zeroed: true)
  }

  private func insert(_ hash: UInt64) {
    let target = words.mutableValues(as: UInt32.self)
    let start = Self.block(of: hash, blockCount: blockCount) * 8
    for lane in 0..<8 { target[start + lane] |= Self.bit(hash, lane) }
  }

  /// The hashes per block that give this rate.
  private static func load(forFalsePositiveRate rate: Double) -> Double {
    var (low, high) = (0.0, 256.0)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if falsePositiveRate(load: middle) < rate { low = middle } else { high = middle }
    }
    return max(low, 0.01)
  }

  /// With i hashes in a block each of its words has a given bit unset with probability
  /// (31 / 32)^i, and i is Poisson distributed around the load: the spread makes the rate higher
  /// than that of the mean.
  private static func falsePositiveRate(load: Double) -> Double {
    var chance = exp(-load)
    var rate = 0.0
    for count in 1..<Int(load + 10 * load.squareRoot() + 20) {
      chance *= load / Double(count)
      rate += chance * pow(1 - pow(31.0 / 32, Double(count)), 8)
    }
    return rate
  }

  /// - Precondition: a positive multiple of 32 bytes, at most the greatest size.
  init(copying bytes: UnsafeRawBufferPointer) {
    precondition(!bytes.isEmpty && bytes.count % Self.blockByteCount == 0)
    words = .copy(of: bytes)
  }

  var bytes: UnsafeRawBufferPointer { words.bytes }

  /// False only for hashes that were not put in.
  func mayContain(_ hash: UInt64) -> Bool {
    let values = words.values(as: UInt32.self)
    let start = Self.block(of: hash, blockCount: blockCount) * 8
    for lane in 0..<8 where values[start + lane] & Self.bit(hash, lane) == 0 { return false }
    return true
  }

  private static func block(of hash: UInt64, blockCount: Int) -> Int {
    Int(((hash >> 32) &* UInt64(blockCount)) >> 32)
  }

  private static func bit(_ hash: UInt64, _ lane: Int) -> UInt32 {
    1 << ((UInt32(truncatingIfNeeded: hash) &* salts[lane]) >> 27)
  }
}

/// The hashes that filters are made of: XXH64 of the bytes FORMAT.md names.
enum FilterHash {
  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    ck_xxh64(bytes.baseAddress, bytes.count)
  }

  /// The hash of a value in a column of that type; nil when no such column can hold it.
  static func hash(_ value: Value, in type: PhysicalType) -> UInt64? {
    switch (value, type) {
    case (.integer(let integer), .int8): return hash(Int8(exactly: integer))
    case (.integer(let integer), .int16): return hash(Int16(exactly: integer))
    case (.integer(let integer), .int32): return hash(Int32(exactly: integer))
    case (.integer(let integer), .int64): return hash(Int64(exactly: integer))
    case (.integer(let integer), .int128): return hash(integer)
    case (.floating(let number), .float32):
      let narrow = Float(number)
      guard Double(narrow) == number || number.isNaN else { return nil }
      return hash(canonical(narrow).bitPattern)
    case (.floating(let number), .float64): return hash(canonical(number).bitPattern)
    case (.string(let text), .bytes):
      return Array(text.utf8).withUnsafeBytes { hash($0) }
    default: return nil
    }
  }

  /// Equal numbers have equal bits: one zero, one NaN.
  static func canonical<F: BinaryFloatingPoint>(_ number: F) -> F {
    number.isNaN ? .nan : number == 0 ? 0 : number
  }

  static func hash<T: FixedWidthInteger>(_ integer: T?) -> UInt64? {
    integer.map { withUnsafeBytes(of: $0.littleEndian) { hash($0) } }
  }
}

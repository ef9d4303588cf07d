import CKernels
import ScanKernels
import StorageBase

/// Every level of kernels that this machine has but the portable one, and that one.
enum Levels {
  static let portable = KernelTable(level: Int32(CK_PORTABLE))!
  static let vectorised = [CK_AVX2, CK_AVX512].compactMap { KernelTable(level: Int32($0)) }
  static let all = [portable] + vectorised
}

/// Every length that ends a word differently, and one of many words.
let sampleLengths = Array(0...130) + [1000]

extension SeededGenerator {
  /// A full-range integer, a small one or an extreme, so that ranges are hit, missed and touched.
  mutating func sample<T: FixedWidthInteger>(_ type: T.Type) -> T {
    switch next() % 8 {
    case 0: T.min
    case 1: T.max
    case 2, 3: T(truncatingIfNeeded: next())
    default: T(truncatingIfNeeded: Int(next() % 9) - 4)
    }
  }

  mutating func sampleDouble() -> Double {
    let special = [
      0, -0.0, .infinity, -.infinity, .nan, 1, -1, 1.5, .leastNonzeroMagnitude,
      .greatestFiniteMagnitude,
    ]
    return next() % 2 == 0
      ? special[Int(next() % UInt64(special.count))] : (nextUnit() - 0.5) * 8
  }

  /// Random words with zero bits after `count`, some of them empty or full.
  mutating func sampleBitmap(count: Int) -> Bitmap {
    let bitmap = Bitmap(count: count)
    let style = next() % 4
    for row in 0..<count {
      let isSet =
        switch (style &+ UInt64(row / 64)) % 4 {
        case 0: false
        case 1: true
        case 2: next() % 2 == 0
        default: next() % 16 == 0
        }
      if isSet { bitmap.set(row) }
    }
    return bitmap
  }
}

import CKernels
import StorageBase
import Testing

@testable import ScanKernels

/// Computing kernels agree with a loop, at every level and for every tail length.
@Suite struct ArithmeticKernelTests {
  @Test func columnsAreComputedAsALoopDoes() {
    var random = SeededGenerator(seed: 11)
    for level in Int32(CK_PORTABLE)...ck_level_max() {
      guard let kernels = KernelTable(level: level)?.arithmetic else { continue }
      for count in 0...70 {
        let a = (0..<count).map { _ in Int64(bitPattern: random.next()) }
        let b = (0..<count).map { _ in Int64(bitPattern: random.next()) }
        var out = [Int64](repeating: 7, count: count + 1)
        for (factor, addend) in [(1, 5), (-1, 100), (100, 0), (Int64.min, .max)] as [(Int64, Int64)]
        {
          kernels.linear_i64(a, count, factor, addend, &out)
          #expect(out == a.map { $0 &* factor &+ addend } + [7], "level \(level), \(count) rows")
        }
        kernels.add_i64(a, b, count, &out)
        #expect(out == zip(a, b).map { $0 &+ $1 } + [7], "level \(level), \(count) rows")
        kernels.multiply_i64(a, b, count, &out)
        #expect(out == zip(a, b).map { $0 &* $1 } + [7], "level \(level), \(count) rows")
      }
    }
  }

  @Test func lanesAreComputedWithAsALoopDoes() {
    var random = SeededGenerator(seed: 12)
    for level in Int32(CK_PORTABLE)...ck_level_max() {
      guard let kernels = KernelTable(level: level)?.arithmetic else { continue }
      for count in 0...70 {
        check(kernels.affine_u8_u32, kernels.affine_u8_u64, count, UInt8.self, &random)
        check(kernels.affine_u16_u32, kernels.affine_u16_u64, count, UInt16.self, &random)
        check(kernels.affine_u32_u32, kernels.affine_u32_u64, count, UInt32.self, &random)
        let a = (0..<count).map { _ in random.sample(UInt32.self) }
        let b = (0..<count).map { _ in random.sample(UInt32.self) }
        var out = [UInt32](repeating: 7, count: count + 1)
        kernels.add_u32(a, b, count, &out)
        #expect(out == zip(a, b).map { $0 &+ $1 } + [7], "level \(level), \(count) rows")
        kernels.multiply_u32(a, b, count, &out)
        #expect(out == zip(a, b).map { $0 &* $1 } + [7], "level \(level), \(count) rows")
        var wide = [UInt64](repeating: 7, count: count + 1)
        kernels.multiply_wide_u32(a, b, count, &wide)
        #expect(wide == zip(a, b).map { UInt64($0) * UInt64($1) } + [7])
      }
    }
  }

  private func check<T: FixedWidthInteger>(
    _ narrow: (UnsafePointer<T>?, Int, UInt32, UInt32, UnsafeMutablePointer<UInt32>?) -> Void,
    _ wide: (UnsafePointer<T>?, Int, UInt64, UInt64, UnsafeMutablePointer<UInt64>?) -> Void,
    _ count: Int, _ type: T.Type, _ random: inout SeededGenerator
  ) {
    let lanes = (0..<count).map { _ in random.sample(T.self) }
    for scale in [1, 100, random.next()] {
      let offset = random.next()
      var out = [UInt64](repeating: 7, count: count + 1)
      wide(lanes, count, scale, offset, &out)
      #expect(out == lanes.map { UInt64($0) &* scale &+ offset } + [7], "\(T.self), \(count) rows")
      var short = [UInt32](repeating: 7, count: count + 1)
      narrow(
        lanes, count, UInt32(truncatingIfNeeded: scale), UInt32(truncatingIfNeeded: offset), &short)
      #expect(short == out.dropLast().map { UInt32(truncatingIfNeeded: $0) } + [7])
    }
  }
}

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
}

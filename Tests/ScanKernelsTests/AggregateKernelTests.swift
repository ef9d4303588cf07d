import CKernels
import ScanKernels
import StorageBase
import Testing

/// Every aggregate kernel at every level, with and without a selection, against plain loops.
@Suite struct AggregateKernelTests {
  /// Calls `body` with values of every length, and rows to fold (nil: all).
  private func forEachCase<T: BitwiseCopyable>(
    seed: UInt64, _ sample: (inout SeededGenerator) -> T,
    _ body: (_ values: [T], _ pointer: UnsafePointer<T>?, _ rows: Bitmap?) -> Void
  ) {
    var random = SeededGenerator(seed: seed)
    for count in sampleLengths {
      for isSelective in [false, true, true] {
        let values = (0..<count).map { _ in sample(&random) }
        let buffer = AlignedBuffer.of(values)
        let rows = isSelective ? random.sampleBitmap(count: count) : nil
        body(values, buffer.values(as: T.self).baseAddress, rows)
      }
    }
  }

  private func chosen<T>(_ values: [T], _ rows: Bitmap?) -> [T] {
    guard let rows else { return values }
    return values.indices.filter { rows[$0] }.map { values[$0] }
  }

  private func checkIntegers<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type,
    sum: (UnsafePointer<T>?, Int, UnsafePointer<UInt64>?) -> Int128,
    extremes: (UnsafePointer<T>?, Int, UnsafePointer<UInt64>?) -> ck_extremes_int
  ) {
    let sample: (inout SeededGenerator) -> T = { $0.sample(T.self) }
    forEachCase(seed: 20, sample) { values, pointer, rows in
      let expected = chosen(values, rows)
      let words = rows?.words.baseAddress
      #expect(sum(pointer, values.count, words) == expected.reduce(0) { $0 + Int128($1) })
      let found = extremes(pointer, values.count, words)
      if let min = expected.min(), let max = expected.max() {
        #expect(found.min == Int64(min) && found.max == Int64(max))
      } else {
        #expect(found.min > found.max)
      }
    }
  }

  @Test func integersAgreeWithALoopAtEveryLevel() {
    for table in Levels.all.map(\.aggregate) {
      checkIntegers(
        Int8.self, sum: { Int128(table.sum_i8($0, $1, $2)) }, extremes: table.extremes_i8)
      checkIntegers(
        Int16.self, sum: { Int128(table.sum_i16($0, $1, $2)) }, extremes: table.extremes_i16)
      checkIntegers(
        Int32.self, sum: { Int128(table.sum_i32($0, $1, $2)) }, extremes: table.extremes_i32)
      checkIntegers(
        Int64.self,
        sum: {
          let parts = table.sum_i64($0, $1, $2)
          return Int128(parts.high) << 32 + Int128(parts.low)
        }, extremes: table.extremes_i64)
    }
  }

  private func checkSums<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ sum: (UnsafePointer<T>?, Int, UnsafePointer<UInt64>?) -> UInt64
  ) {
    let sample: (inout SeededGenerator) -> T = { $0.sample(T.self) }
    forEachCase(seed: 25, sample) { values, pointer, rows in
      let found = sum(pointer, values.count, rows?.words.baseAddress)
      #expect(found == chosen(values, rows).reduce(0) { $0 + UInt64($1) })
    }
  }

  @Test func sumsOfLanesAgreeWithALoopAtEveryLevel() {
    for table in Levels.all.map(\.aggregate) {
      checkSums(UInt8.self, table.sum_u8)
      checkSums(UInt16.self, table.sum_u16)
      checkSums(UInt32.self, table.sum_u32)
    }
  }

  @Test func greatestValuesAgreeWithALoopAtEveryLevel() {
    let byte: (inout SeededGenerator) -> UInt8 = { $0.sample(UInt8.self) }
    let word: (inout SeededGenerator) -> UInt32 = { $0.sample(UInt32.self) }
    for table in Levels.all.map(\.aggregate) {
      forEachCase(seed: 26, byte) { values, pointer, _ in
        #expect(table.max_u8(pointer, values.count) == values.max() ?? 0)
      }
      forEachCase(seed: 27, word) { values, pointer, _ in
        #expect(table.max_u32(pointer, values.count) == values.max() ?? 0)
      }
    }
  }

  @Test func sumsOfExtremesDoNotWrap() {
    for value in [Int64.min, .max] {
      let buffer = AlignedBuffer.of([Int64](repeating: value, count: 4096))
      for table in Levels.all {
        let parts = table.aggregate.sum_i64(
          buffer.values(as: Int64.self).baseAddress, 4096, nil)
        #expect(Int128(parts.high) << 32 + Int128(parts.low) == Int128(value) * 4096)
      }
    }
  }

  /// All levels round alike, and what is not selected leaves no trace, NaN included.
  private func checkSums(_ found: [Double], _ expected: Double) {
    #expect(found.allSatisfy { $0.bitPattern == found[0].bitPattern || $0.isNaN })
    #expect(found.allSatisfy { $0.isNaN == expected.isNaN })
    #expect(expected.isNaN || abs(found[0] - expected) <= 1e-6)
  }

  @Test func floatingSumsAreTheSameBitsAtEveryLevel() {
    let sample: (inout SeededGenerator) -> Double = {
      $0.next() % 200 == 0 ? .nan : ($0.nextUnit() - 0.5) * 1e6
    }
    forEachCase(seed: 21, sample) { values, pointer, rows in
      let words = rows?.words.baseAddress
      let found = Levels.all.map { $0.aggregate.sum_f64(pointer, values.count, words) }
      checkSums(found, chosen(values, rows).reduce(0, +))
    }
    let narrow: (inout SeededGenerator) -> Float = { Float(sample(&$0)) }
    forEachCase(seed: 22, narrow) { values, pointer, rows in
      let words = rows?.words.baseAddress
      let found = Levels.all.map { $0.aggregate.sum_f32(pointer, values.count, words) }
      checkSums(found, chosen(values, rows).reduce(0) { $0 + Double($1) })
    }
  }

  private func check(_ found: ck_extremes_float, _ expected: [Double]) {
    let numbers = expected.filter { !$0.isNaN }
    #expect((found.has_nan != 0) == (numbers.count < expected.count))
    if let min = numbers.min(), let max = numbers.max() {
      #expect(found.min == min && found.max == max)
    } else {
      #expect(found.min > found.max)
    }
  }

  @Test func floatingExtremesAgreeWithALoopAtEveryLevel() {
    let sample: (inout SeededGenerator) -> Double = { $0.sampleDouble() }
    forEachCase(seed: 23, sample) { values, pointer, rows in
      for table in Levels.all.map(\.aggregate) {
        check(
          table.extremes_f64(pointer, values.count, rows?.words.baseAddress), chosen(values, rows))
      }
    }
    let narrow: (inout SeededGenerator) -> Float = { Float($0.sampleDouble()) }
    forEachCase(seed: 24, narrow) { values, pointer, rows in
      for table in Levels.all.map(\.aggregate) {
        check(
          table.extremes_f32(pointer, values.count, rows?.words.baseAddress),
          chosen(values, rows).map(Double.init))
      }
    }
  }
}

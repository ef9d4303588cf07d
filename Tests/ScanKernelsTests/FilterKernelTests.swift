import CKernels
import ScanKernels
import StorageBase
import Testing

/// Every filter kernel at every level must give the bits that a plain loop gives.
@Suite struct FilterKernelTests {
  private typealias RangeKernel<T> = (
    UnsafePointer<T>?, Int, T, T, UnsafeMutablePointer<UInt64>?
  ) -> Void

  private func checkRange<T: BitwiseCopyable & Comparable>(
    _ kernel: RangeKernel<T>, seed: UInt64, sample: (inout SeededGenerator) -> T
  ) {
    var random = SeededGenerator(seed: seed)
    for count in sampleLengths {
      let values = (0..<count).map { _ in sample(&random) }
      let (low, high) = (sample(&random), sample(&random))
      let buffer = AlignedBuffer.of(values)
      let found = Bitmap(count: count)
      kernel(
        buffer.values(as: T.self).baseAddress, count, low, high, found.mutableWords.baseAddress)
      let expected = Bitmap(count: count)
      for row in 0..<count where low <= values[row] && values[row] <= high { expected.set(row) }
      #expect(Array(found.words) == Array(expected.words), "\(T.self), \(count) rows")
    }
  }

  @Test func rangesAgreeWithALoopAtEveryLevel() {
    for (level, table) in Levels.all.enumerated() {
      for round in 0..<4 {
        let seed = UInt64(level * 10 + round)
        checkRange(table.filter.range_i8, seed: seed) { $0.sample(Int8.self) }
        checkRange(table.filter.range_i16, seed: seed) { $0.sample(Int16.self) }
        checkRange(table.filter.range_i32, seed: seed) { $0.sample(Int32.self) }
        checkRange(table.filter.range_i64, seed: seed) { $0.sample(Int64.self) }
        checkRange(table.filter.range_u8, seed: seed) { $0.sample(UInt8.self) }
        checkRange(table.filter.range_u16, seed: seed) { $0.sample(UInt16.self) }
        checkRange(table.filter.range_u32, seed: seed) { $0.sample(UInt32.self) }
        checkRange(table.filter.range_f32, seed: seed) { Float($0.sampleDouble()) }
        checkRange(table.filter.range_f64, seed: seed) { $0.sampleDouble() }
      }
    }
  }

  @Test func membershipAgreesWithALoopAtEveryLevel() {
    for table in Levels.all {
      var random = SeededGenerator(seed: 7)
      for count in sampleLengths {
        let entryCount = 1 + Int(random.next() % 300)
        let flags = (0..<entryCount).map { _ in UInt8([0, 0, 1, 255][Int(random.next() % 4)]) }
        let codes = (0..<count).map { _ in UInt32(random.next() % UInt64(entryCount)) }
        let (codeBuffer, flagBuffer) = (AlignedBuffer.of(codes), AlignedBuffer.of(flags))
        let found = Bitmap(count: count)
        table.filter.member_u32(
          codeBuffer.values(as: UInt32.self).baseAddress, count,
          flagBuffer.values(as: UInt8.self).baseAddress, found.mutableWords.baseAddress)
        let expected = Bitmap(count: count)
        for row in 0..<count where flags[Int(codes[row])] != 0 { expected.set(row) }
        #expect(Array(found.words) == Array(expected.words), "\(count) rows")
      }
    }
  }

  @Test func membershipOfBytesAgreesWithALoopAtEveryLevel() {
    for table in Levels.all {
      var random = SeededGenerator(seed: 12)
      for count in sampleLengths {
        let flags = (0..<256).map { _ in UInt8([0, 0, 1, 255][Int(random.next() % 4)]) }
        let codes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let (codeBuffer, flagBuffer) = (AlignedBuffer.of(codes), AlignedBuffer.of(flags))
        let found = Bitmap(count: count)
        table.filter.member_u8(
          codeBuffer.values(as: UInt8.self).baseAddress, count,
          flagBuffer.values(as: UInt8.self).baseAddress, found.mutableWords.baseAddress)
        let expected = Bitmap(count: count)
        for row in 0..<count where flags[Int(codes[row])] != 0 { expected.set(row) }
        #expect(Array(found.words) == Array(expected.words), "\(count) rows")
      }
    }
  }

  @Test func rowIDsAndCountsAgreeWithALoopAtEveryLevel() {
    for table in Levels.all {
      var random = SeededGenerator(seed: 8)
      for count in sampleLengths {
        let bitmap = random.sampleBitmap(count: count)
        let expected = (0..<count).filter { bitmap[$0] }.map(UInt32.init)
        let found = [UInt32](unsafeUninitializedCapacity: count + 16) { buffer, initialized in
          initialized = table.filter.row_ids(
            bitmap.words.baseAddress, bitmap.wordCount, buffer.baseAddress)
        }
        #expect(found == expected)
        #expect(
          table.filter.popcount(bitmap.words.baseAddress, bitmap.wordCount) == expected.count)
      }
    }
  }

  @Test func wordOperationsAgreeWithALoopAtEveryLevel() {
    for table in Levels.all {
      var random = SeededGenerator(seed: 9)
      for count in sampleLengths {
        let (a, b) = (random.sampleBitmap(count: count), random.sampleBitmap(count: count))
        let operations = [
          (table.filter.and_words, { (x: UInt64, y: UInt64) in x & y }),
          (table.filter.or_words, { (x: UInt64, y: UInt64) in x | y }),
          (table.filter.and_not_words, { (x: UInt64, y: UInt64) in x & ~y }),
        ]
        for (kernel, expected) in operations {
          let found = Bitmap(count: count)
          kernel?(
            a.words.baseAddress, b.words.baseAddress, a.wordCount, found.mutableWords.baseAddress)
          #expect(Array(found.words) == zip(a.words, b.words).map(expected))
        }
      }
    }
  }

  @Test func bitmapLogicKeepsTheBitsAfterItsEndClear() {
    var random = SeededGenerator(seed: 10)
    for count in sampleLengths {
      let bitmap = random.sampleBitmap(count: count)
      let inverted = bitmap.copy()
      inverted.invert()
      #expect(inverted.setCount == count - bitmap.setCount)
      #expect(inverted.rowIDs() == (0..<count).filter { !bitmap[$0] }.map(UInt32.init))
      inverted.formIntersection(bitmap)
      #expect(inverted.isEmpty)
      #expect(bitmap.subtracting(nil).rowIDs() == bitmap.rowIDs())
    }
  }
}

import CKernels
import ScanKernels
import StorageBase
import Testing

/// Every kernel that groups by bytes, at every level, against plain loops.
@Suite struct GroupKernelTests {
  /// Rows of every number, of few and of many groups, with and without a selection. What is not
  /// selected may hold any byte.
  private func forEachCase(
    seed: UInt64, _ body: (_ groups: [UInt8], _ groupCount: Int, _ rows: Bitmap?) -> Void
  ) {
    var random = SeededGenerator(seed: seed)
    for count in sampleLengths {
      for groupCount in [1, 4, 16, 17, 255] {
        let rows = random.next() % 3 == 0 ? nil : random.sampleBitmap(count: count)
        let groups = (0..<count).map { row in
          rows.map { !$0[row] } ?? false
            ? UInt8(truncatingIfNeeded: random.next())
            : UInt8(random.next() % UInt64(groupCount))
        }
        body(groups, groupCount, rows)
      }
    }
  }

  private func isSelected(_ rows: Bitmap?, _ row: Int) -> Bool { rows?[row] ?? true }

  @Test func bytesAreMappedAsALoopDoes() {
    for table in Levels.all.map(\.group) {
      forEachCase(seed: 40) { groups, _, rows in
        var random = SeededGenerator(seed: UInt64(groups.count))
        let map = (0..<256).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let source = AlignedBuffer.of(groups)
        let out = AlignedBuffer(byteCount: groups.count)
        let bytes = source.values(as: UInt8.self).baseAddress
        table.map_u8(bytes, groups.count, map, out.mutableValues(as: UInt8.self).baseAddress)
        let mapped = groups.map { map[Int($0)] }
        #expect(Array(out.values(as: UInt8.self)) == mapped)
        table.map_add_u8(bytes, groups.count, map, out.mutableValues(as: UInt8.self).baseAddress)
        #expect(Array(out.values(as: UInt8.self)) == mapped.map { $0 &+ $0 })
        for byte in [0, 7, UInt8.max] {
          let isThere = groups.indices.contains { isSelected(rows, $0) && groups[$0] == byte }
          let found = table.any_u8(bytes, groups.count, rows?.words.baseAddress, byte)
          #expect((found != 0) == isThere)
        }
      }
    }
  }

  @Test func rowsAreCountedAsALoopDoes() {
    for table in Levels.all.map(\.group) {
      forEachCase(seed: 41) { groups, groupCount, rows in
        let source = AlignedBuffer.of(groups)
        var totals = [UInt64](repeating: 3, count: groupCount)
        table.counts(
          source.values(as: UInt8.self).baseAddress, groups.count, rows?.words.baseAddress,
          groupCount, &totals)
        var expected = [UInt64](repeating: 3, count: groupCount)
        for row in groups.indices where isSelected(rows, row) { expected[Int(groups[row])] += 1 }
        #expect(totals == expected)
      }
    }
  }

  private typealias SumKernel<T> = (
    UnsafePointer<T>?, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt64>?, Int,
    UnsafeMutablePointer<UInt64>?
  ) -> Void

  private func checkSums<T: FixedWidthInteger & BitwiseCopyable>(_ kernel: SumKernel<T>) {
    forEachCase(seed: 42) { groups, groupCount, rows in
      var random = SeededGenerator(seed: UInt64(groups.count))
      let values = groups.map { _ in random.sample(T.self) }
      let (source, valueSource) = (AlignedBuffer.of(groups), AlignedBuffer.of(values))
      var totals = [UInt64](repeating: 5, count: groupCount)
      kernel(
        valueSource.values(as: T.self).baseAddress, source.values(as: UInt8.self).baseAddress,
        groups.count, rows?.words.baseAddress, groupCount, &totals)
      var expected = [UInt64](repeating: 5, count: groupCount)
      for row in groups.indices where isSelected(rows, row) {
        expected[Int(groups[row])] += UInt64(values[row])
      }
      #expect(totals == expected, "\(T.self), \(groups.count) rows, \(groupCount) groups")
    }
  }

  @Test func lanesAreSummedAsALoopDoes() {
    for table in Levels.all.map(\.group) {
      checkSums(table.sums_u8)
      checkSums(table.sums_u16)
      checkSums(table.sums_u32)
    }
  }

  @Test func integersAreSummedWithoutWrapping() {
    for table in Levels.all.map(\.group) {
      forEachCase(seed: 43) { groups, groupCount, rows in
        var random = SeededGenerator(seed: UInt64(groups.count))
        let values = groups.map { _ in random.sample(Int64.self) }
        let (source, valueSource) = (AlignedBuffer.of(groups), AlignedBuffer.of(values))
        var totals = [ck_sum_parts](repeating: ck_sum_parts(low: 0, high: 0), count: groupCount)
        table.sums_i64(
          valueSource.values(as: Int64.self).baseAddress,
          source.values(as: UInt8.self).baseAddress, groups.count, rows?.words.baseAddress,
          groupCount, &totals)
        var expected = [Int128](repeating: 0, count: groupCount)
        for row in groups.indices where isSelected(rows, row) {
          expected[Int(groups[row])] += Int128(values[row])
        }
        #expect(totals.map { Int128($0.high) << 32 + Int128($0.low) } == expected)
      }
    }
  }
}

import StorageBase
import Testing

@testable import ScanKernels

/// Distinct counts beside a set of values, and the error of the approximate ones.
@Suite struct DistinctTests {
  private static let types: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 9, scale: 2),
    .decimal(precision: 30, scale: 3), .date, .datetime, .string,
  ]

  private func value(_ type: DataType, _ random: inout SeededGenerator, spread: UInt64) -> Value {
    let number = Int128(random.next() % spread) - Int128(spread / 3)
    switch type {
    case .string: return .string("value \(number)")
    case .float, .double:
      return .floating(number == 0 ? -0.0 : number == 1 ? .nan : Double(number) / 4)
    case .bool: return .integer(number & 1)
    case .int8: return .integer(number % 100)
    default: return .integer(number * 1_000_003 % (1 << 15))
    }
  }

  /// Another name for NaN, which differs from itself.
  private func canonical(_ value: Value) -> Value {
    if case .floating(let number) = value, number.isNaN { return .string("NaN") }
    return value
  }

  private func vector(_ values: [Value], _ type: DataType, isCoded: Bool) -> ColumnVector {
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value) }
    let plain = builder.finish()
    guard isCoded, type == .string else { return plain }
    let texts = values.map { value in
      if case .string(let text) = value { return text }
      return ""
    }
    let entries = Array(Set(texts)).sorted(by: >)
    let codes = texts.map { text in UInt32(entries.firstIndex(of: text)!) }
    return ColumnVector(
      type: .string, count: values.count,
      body: .coded(codes: .of(codes), dictionary: StringTable(entries)), nulls: plain.nulls)
  }

  /// Each type, with few groups (folded) and many (scattered), in parts that are merged.
  @Test(arguments: types, [UInt64(1), 3, 50])
  func exactCountsAreThoseOfASet(type: DataType, groupCount: UInt64) throws {
    var random = SeededGenerator(seed: 7 + groupCount)
    let schema = try Schema(
      [("key", .int32, false), ("value", type, true)], sortKeyCount: 1)
    let aggregates = try [Aggregate.countDistinct("value"), .approximateCountDistinct("value")]
      .map { try $0.bound(to: schema) }
    var sets: [Value: Set<Value>] = [:]
    var parts: [Aggregation] = []
    for part in 0..<3 {
      let keys = groupCount == 1 ? [] : [0]
      let aggregation = Aggregation(schema: schema, groupBy: keys, aggregates: aggregates)
      for page in 0..<4 {
        let rows = (0..<500).map { _ -> [Value] in
          [
            .integer(Int128(random.next() % groupCount)),
            random.next() % 9 == 0 ? .null : value(type, &random, spread: 120),
          ]
        }
        let selection = Bitmap(count: 500)
        for (row, values) in rows.enumerated() where page != 2 || row % 3 != 0 {
          selection.set(row)
          let present: Set = values[1].isNull ? [] : [canonical(values[1])]
          sets[values[0], default: []].formUnion(present)
        }
        let columns = [
          vector(rows.map { $0[0] }, .int32, isCoded: false),
          vector(rows.map { $0[1] }, type, isCoded: (part + page) % 2 == 0),
        ]
        try aggregation.add(rowCount: 500, selection: page == 2 ? selection : nil) { columns[$0] }
      }
      parts.append(aggregation)
    }
    parts[1].merge(parts[2])
    parts[1].merge(parts[0])
    let rows = try parts[1].rows()
    #expect(rows.count == sets.count)
    for row in rows {
      let key = groupCount == 1 ? .integer(0) : row[0]
      let expected = Value.integer(Int128(try #require(sets[key]).count))
      #expect(row[row.count - 2] == expected)
      // Up to 160 hashes are counted.
      #expect(row[row.count - 1] == expected)
    }
    #expect(parts[1].distinctByteCount > 0)
  }

  /// Five standard errors, over the whole range of counts: a wrong estimator misses them by far.
  @Test(arguments: [161, 500, 2000, 10_000, 40_000, 100_000, 400_000])
  func sketchesEstimateWithinTheirError(count: Int) {
    for seed in 1...3 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      var sketch = DistinctSketch()
      for _ in 0..<count {
        let hash = DistinctSketch.hash(random.next())
        sketch.insert(hash: hash)
        if hash % 3 == 0 { sketch.insert(hash: hash) }
      }
      let error = abs(Double(sketch.estimate) - Double(count)) / Double(count)
      #expect(error < 5 * 0.0081, "seed \(seed): \(sketch.estimate) for \(count)")
    }
  }

  /// The mean of many estimates shows a bias that one would hide in its error.
  @Test func estimatesHaveNoBiasWhereTheOriginalChangesFormula() {
    for count in [20_000, 41_000, 80_000] {
      var sum = 0.0
      for seed in 0..<20 as Range<UInt64> {
        var random = SeededGenerator(seed: 900 + seed)
        var sketch = DistinctSketch()
        for _ in 0..<count { sketch.insert(hash: DistinctSketch.hash(random.next())) }
        sum += Double(sketch.estimate) / Double(count)
      }
      #expect(abs(sum / 20 - 1) < 4 * 0.0081 / 20.0.squareRoot())
    }
  }

  /// Neighbouring integers hash like random ones.
  @Test func consecutiveNumbersAreSpread() {
    var sketch = DistinctSketch()
    for number in 0..<50_000 as Range<UInt64> { sketch.insert(hash: DistinctSketch.hash(number)) }
    #expect(abs(Double(sketch.estimate) - 50_000) < 5 * 0.0081 * 50_000)
  }

  @Test func theUnionOfSketchesIsTheSketchOfTheUnion() {
    for (left, right) in [(10, 20), (10, 5000), (5000, 10), (5000, 7000), (150, 160)] {
      var (a, b, whole) = (DistinctSketch(), DistinctSketch(), DistinctSketch())
      for number in 0..<left + right {
        let hash = DistinctSketch.hash(UInt64(number))
        if number < left { a.insert(hash: hash) } else { b.insert(hash: hash) }
        whole.insert(hash: hash)
      }
      a.formUnion(b)
      a.formUnion(a)
      #expect(a.estimate == whole.estimate)
      #expect(a.byteCount < DistinctSketch.registerCount + 4096)
    }
  }

  @Test func memoryOfExactCountsIsBoundedPerValue() throws {
    let schema = try Schema([("value", .int64, false)], sortKeyCount: 1)
    let aggregation = Aggregation(
      schema: schema, groupBy: [],
      aggregates: [try Aggregate.countDistinct("value").bound(to: schema)])
    let builder = ColumnBuilder(type: .int64)
    for number in 0..<100_000 as Range<Int64> { builder.append(integer: number) }
    let vector = builder.finish()
    try aggregation.add(rowCount: 100_000, selection: nil) { _ in vector }
    #expect(try aggregation.rows() == [[.integer(100_000)]])
    #expect((100_000 * 21...100_000 * 43 + 64).contains(aggregation.distinctByteCount))
  }

  private static let integerTypes: [DataType] = [
    .int8, .int16, .int32, .int64, .date, .decimal(precision: 9, scale: 2),
  ]

  /// Values of a page, stored or as offsets in lanes of one, two or four bytes; nulls hold zero.
  private func integers(
    _ values: [Int64?], _ type: DataType, lane: OffsetVector.LaneWidth?
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value.map { .integer(Int128($0)) } ?? .null) }
    let plain = builder.finish()
    guard let lane else { return plain }
    let base = values.compactMap { $0 }.min() ?? 0
    let lanes = values.map { UInt32(max(0, ($0 ?? base) - base)) }
    let buffer: AlignedBuffer =
      switch lane {
      case .one: .of(lanes.map { UInt8($0) })
      case .two: .of(lanes.map { UInt16($0) })
      case .four: .of(lanes)
      }
    let offsets = try #require(
      OffsetVector(lanes: buffer, laneWidth: lane, base: base, laneMax: lanes.max() ?? 0))
    return ColumnVector(
      type: type, count: values.count, body: .offsets(offsets), nulls: plain.nulls)
  }

  /// Whatever is known of the range of values: nothing, too much, just enough, or what is not true;
  /// and with more groups than there can be bits for. Parts that keep bits and parts that do not
  /// are merged either way.
  @Test(arguments: integerTypes, [UInt64(1), 3, 40, 900])
  func exactCountsDoNotDependOnKnownRanges(type: DataType, groupCount: UInt64) throws {
    let schema = try Schema([("key", .int32, false), ("value", type, true)], sortKeyCount: 1)
    let aggregate = try Aggregate.countDistinct("value").bound(to: schema)
    let ranges: [ClosedRange<Int64>?] = [nil, -60...59, -500...5000, -20...20, 3...3]
    for (round, range) in ranges.enumerated() {
      var random = SeededGenerator(seed: 31 + groupCount + UInt64(round) * 1000)
      var sets: [Int64: Set<Int64>] = [:]
      let parts = try (0..<4).map { part -> Aggregation in
        let aggregation = Aggregation(
          schema: schema, groupBy: groupCount == 1 ? [] : [0], aggregates: [aggregate],
          valueRanges: range.map { [1: $0] } ?? [:], expectedRowCount: part % 2 == 0 ? 0 : 40_000)
        for page in 0..<3 {
          let keys = (0..<400).map { _ in Int64(random.next() % groupCount) }
          // Only some parts meet what lies outside of a narrow range.
          let spread: Int64 = part < 2 && range != 3...3 ? 20 : 60
          let values = keys.map { _ -> Int64? in
            let number = Int64(random.next() % 120) % (2 * spread) - spread
            if random.next() % 9 == 0 { return nil }
            return range == 3...3 && part < 2 ? 3 : number
          }
          let selection = Bitmap(count: 400)
          for row in 0..<400 where page != 2 || row % 3 != 0 {
            selection.set(row)
            sets[keys[row], default: []].formUnion(values[row].map { [$0] } ?? [])
          }
          let lane: OffsetVector.LaneWidth? = [nil, .one, .two, .four][Int(random.next() % 4)]
          let columns = [
            try integers(keys, .int32, lane: nil), try integers(values, type, lane: lane),
          ]
          try aggregation.add(rowCount: 400, selection: page == 2 ? selection : nil) { columns[$0] }
        }
        return aggregation
      }
      parts[2].merge(parts[3])
      parts[0].merge(parts[2])
      parts[0].merge(parts[1])
      let rows = try parts[0].rows()
      #expect(rows.count == sets.count)
      for row in rows {
        let key: Int64
        if groupCount == 1 {
          key = 0
        } else if case .integer(let number) = row[0] {
          key = Int64(number)
        } else {
          Issue.record("\(row[0]) is no key")
          continue
        }
        #expect(
          row.last == .integer(Int128(try #require(sets[key]).count)),
          "\(type), \(String(describing: range)), group \(key)")
      }
    }
  }

  /// Bits take less than a set, and are given up where they would not.
  @Test func bitsAreKeptWhereTheyTakeLess() throws {
    for (range, isExpected) in [
      (0...Int64(65_535), true), (0...65_536, false), (.min ... .max, false),
      (.max - 9 ... .max, true),
    ] {
      let bits = DistinctBitsState(.int64, range: range, expectedRowCount: 4096)
      #expect((bits != nil) == isExpected, "\(range)")
    }
    let state = try #require(
      DistinctBitsState(.int64, range: 0...65_535, expectedRowCount: 8192))
    state.reserve(groupCount: 2)
    #expect(state.byteCount == 2 * 8192)
    let vector = try integers([7, 9, 7, 65_535], .int64, lane: nil)
    state.fold(vector, selection: nil, rowCount: 4, group: 1)
    state.reserve(groupCount: 3)
    #expect(state.byteCount < 8192)
    let aggregate = try Aggregate.countDistinct("value").bound(
      to: Schema([("value", .int64, false)], sortKeyCount: 1))
    #expect(try state.result(aggregate, group: 1) == .integer(3))
    #expect(try state.result(aggregate, group: 2) == .integer(0))
  }

  private func batch(of texts: [UnsafeRawBufferPointer]) -> DistinctBatch {
    let batch = DistinctBatch()
    batch.count = texts.count
    for (index, text) in texts.enumerated() { batch.texts[index] = text }
    return batch
  }

  /// Strings of every length, which differ in one byte anywhere, beside a dictionary.
  @Test func textsAreNumberedLikeKeysOfADictionary() {
    var random = SeededGenerator(seed: 5)
    var expected: [[UInt8]: UInt64] = [:]
    var inOrder: [[UInt8]] = []
    let table = TextTable()
    for round in 0..<60 {
      var texts = (0..<Int(random.next() % 1025)).map { _ -> [UInt8] in
        var text = [UInt8](repeating: 7, count: Int(random.next() % (round % 2 == 0 ? 70 : 9)))
        if !text.isEmpty {
          text[Int(random.next() % UInt64(text.count))] = UInt8(random.next() % 5)
        }
        return text
      }
      if round == 30 { texts.append([UInt8](repeating: 1, count: 3 << 20)) }
      if texts.count > DistinctBatch.capacity { texts.removeFirst() }
      let joined = texts.flatMap { $0 }
      joined.withUnsafeBytes { bytes in
        var start = 0
        let batch = batch(
          of: texts.map { text in
            defer { start += text.count }
            return UnsafeRawBufferPointer(rebasing: bytes[start..<start + text.count])
          })
        table.number(batch)
        for (index, text) in texts.enumerated() {
          if expected[text] == nil { inOrder.append(text) }
          let number = expected[text] ?? UInt64(expected.count)
          expected[text] = number
          #expect(batch.words[index] == number)
        }
      }
    }
    #expect(table.count == expected.count && table.count > 1000)
    var kept: [[UInt8]] = []
    table.visit { kept.append(Array($0)) }
    #expect(kept == inOrder)
  }

  /// The hash depends on every byte and on the length.
  @Test func hashesOfBytesThatDifferInOneDiffer() {
    for count in 0...70 {
      var bytes = [UInt8](repeating: 0x5A, count: count)
      var hashes: Set<UInt64> = [bytes.withUnsafeBytes(hashBytes)]
      for place in 0..<count {
        for change in [1, 0x80] as [UInt8] {
          bytes[place] ^= change
          hashes.insert(bytes.withUnsafeBytes(hashBytes))
          bytes[place] ^= change
        }
      }
      #expect(hashes.count == 1 + 2 * count)
    }
  }

  @Test func pairsAreThoseOfASet() {
    var random = SeededGenerator(seed: 77)
    for spread in [4, 1000, 1 << 40] as [UInt64] {
      let table = PairTable()
      var counts = [Int64](repeating: 0, count: 20)
      var expected = [Set<UInt64>](repeating: [], count: 20)
      for _ in 0..<40 {
        let batch = DistinctBatch()
        batch.count = Int(random.next() % 1025)
        for index in 0..<batch.count {
          batch.words[index] = random.next() % spread
          batch.groups[index] = UInt32(random.next() % 20)
          expected[Int(batch.groups[index])].insert(batch.words[index])
        }
        table.insert(batch, counts: &counts)
      }
      #expect(counts == expected.map { Int64($0.count) })
      #expect(table.count == expected.reduce(0) { $0 + $1.count })
      var found = [Set<UInt64>](repeating: [], count: 20)
      table.visit { found[$1].insert($0) }
      #expect(found == expected)
    }
  }
}

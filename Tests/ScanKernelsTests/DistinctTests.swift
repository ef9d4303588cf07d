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
}

import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Vertical merges of random inputs against a stable sort: the same rows in the same order,
/// whatever the types of the keys, the sizes of pages and segments, and how much the inputs
/// interleave.
@Suite struct VerticalMergeTests {
  private typealias Row = [Value]

  /// Inputs as rows, input by input and segment by segment, and as what a merge reads.
  private struct Case {
    var schema: Schema
    var rows: [[Row]] = []
    var inputs: [MergeInput] = []
  }

  private static let keyTypes: [DataType] = [
    .int64, .int32, .string, .double, .decimal(precision: 38, scale: 2), .bool, .date,
  ]

  private func value(
    _ type: DataType, _ spread: UInt64, isNullable: Bool, _ random: inout SeededGenerator
  ) -> Value {
    if isNullable, random.next() % 6 == 0 { return .null }
    let number = random.next() % spread
    switch type {
    case .string:
      // Longer than a prefix, equal in it, empty.
      return .string(["", "a", "prefix of eight and more "][Int(number % 3)] + "\(number / 3)")
    case .double:
      let specials = [Double.nan, -0.0, 0, .infinity]
      return .floating(number < 4 ? specials[Int(number)] : Double(number))
    case .decimal: return .integer(Int128(number % 90) << 70 - Int128(number % 3))
    case .bool: return .integer(Int128(number % 2))
    default: return .integer(Int128(number) - 5)
    }
  }

  private func isBefore(_ a: Row, _ b: Row, keys: Int) -> Bool {
    for column in 0..<keys {
      if a[column].isNull != b[column].isNull { return a[column].isNull }
      if a[column].isNull { continue }
      if a[column].precedes(b[column]) { return true }
      if b[column].precedes(a[column]) { return false }
    }
    return false
  }

  /// Swift's sort keeps the order of equal elements, but promises nothing: ordinals settle it.
  private func stablySorted(_ rows: [Row], keys: Int) -> [Row] {
    rows.enumerated().sorted { a, b in
      if isBefore(a.element, b.element, keys: keys) { return true }
      if isBefore(b.element, a.element, keys: keys) { return false }
      return a.offset < b.offset
    }.map(\.element)
  }

  private func makeCase(_ random: inout SeededGenerator) throws -> Case {
    let keyCount = 1 + Int(random.next() % 3)
    var columns: [(name: String, type: DataType, isNullable: Bool)] = (0..<keyCount).map {
      let type = Self.keyTypes[Int(random.next() % UInt64(Self.keyTypes.count))]
      return ("k\($0)", type, random.next() % 3 == 0)
    }
    columns += [("place", .int32, false), ("city", .string, true), ("note", .string, false)]
    let schema = try Schema(columns, sortKeyCount: keyCount)
    var result = Case(schema: schema)
    let spread = [3, 40, 1_000_000][Int(random.next() % 3)] as UInt64
    for input in 0..<Int(random.next() % 12) + 1 {
      let cityCount = [2, 30, 5000][Int(random.next() % 3)] as UInt64
      let rows = (0..<1 + Int(random.next() % 400)).map { ordinal -> Row in
        let keys = columns[..<keyCount].map {
          value($0.type, spread, isNullable: $0.isNullable, &random)
        }
        let city =
          random.next() % 5 == 0 ? Value.null : .string("city \(random.next() % cityCount)")
        return keys + [.integer(Int128(input * 1000 + ordinal)), city, .string("\(random.next())")]
      }
      let sorted = stablySorted(rows, keys: keyCount)
      result.rows.append(sorted)
      result.inputs.append(try makeInput(sorted, schema, &random))
    }
    return result
  }

  /// The rows cut into segments of pages of any size.
  private func makeInput(
    _ rows: [Row], _ schema: Schema, _ random: inout SeededGenerator
  ) throws -> MergeInput {
    var segments: [SegmentReader] = []
    var start = 0
    while start < rows.count {
      let end = min(rows.count, start + 1 + Int(random.next() % 300))
      let columns = schema.columns.indices.map { column -> ColumnVector in
        let builder = ColumnBuilder(type: schema.columns[column].type)
        for row in rows[start..<end] { builder.append(row[column]) }
        return builder.finish()
      }
      let batch = ColumnBatch(schema: schema, rowCount: end - start, columns: columns)
      let options = SegmentOptions(rowsPerPage: 1 + Int(random.next() % 70))
      let bytes = try SegmentWriter.encode(batch, options: options).bytes
      segments.append(try SegmentReader(file: MemoryFile(path: "input", bytes: bytes)))
      start = end
    }
    return MergeInput(segments: segments)
  }

  private func isSame(_ a: Row, _ b: Row) -> Bool {
    zip(a, b).allSatisfy { x, y in
      if case .floating(let x) = x, case .floating(let y) = y {
        return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN
      }
      return x == y
    }
  }

  @Test(arguments: 0..<60) func mergesAreStableSorts(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let sample = try makeCase(&random)
    let keys = sample.schema.sortKeyCount
    let expected = stablySorted(sample.rows.flatMap { $0 }, keys: keys)
    var sinks: [MemorySink] = []
    let definition = try TableDefinition(
      name: "t", schema: sample.schema,
      segmentOptions: SegmentOptions(rowsPerPage: 1 + Int(random.next() % 100)))
    let merger = try SegmentMerger(
      definition: definition, segmentRowCountMax: 1 + Int(random.next() % 1000), isBase: true)
    let result = try merger.merge(
      sample.inputs, isCancelled: { false },
      sink: { _ in
        sinks.append(MemorySink())
        return sinks[sinks.count - 1]
      })
    #expect(result.rowCount == expected.count)
    var found: [Row] = []
    for sink in sinks {
      let reader = try SegmentReader(file: MemoryFile(path: "output", bytes: sink.bytes))
      #expect(reader.verify() == [])
      var work = PageWork()
      for page in 0..<reader.pageCount {
        let columns = try sample.schema.columns.indices.map {
          try reader.readPage(column: $0, page: page, work: &work)
        }
        for row in 0..<columns[0].count { found.append(columns.map { $0[row] }) }
      }
    }
    #expect(found.count == expected.count)
    for (row, pair) in zip(found, expected).enumerated() where !isSame(pair.0, pair.1) {
      Issue.record("row \(row): \(pair.0) where \(pair.1) was expected")
      break
    }
  }

  /// Inputs that follow one another are galloped through, page after page.
  @Test func inputsInOrderComeWhole() throws {
    var random = SeededGenerator(seed: 99)
    let schema = try Schema([("k", .int64, false)], sortKeyCount: 1)
    let inputs = try (0..<5).reversed().map { input in
      try makeInput((0..<2000).map { [.integer(Int128(input * 2000 + $0))] }, schema, &random)
    }
    let merge = try KeyMerge(inputs: inputs, schema: schema)
    let sources = try merge.nextSources(20_000)
    #expect(merge.isAtEnd)
    let expected = (0..<5).reversed().flatMap { [UInt16](repeating: UInt16($0), count: 2000) }
    #expect(sources == expected)
  }

  @Test func noInputsGiveNoRows() throws {
    let schema = try Schema([("k", .int64, false)], sortKeyCount: 1)
    let merge = try KeyMerge(inputs: [], schema: schema)
    #expect(merge.isAtEnd)
    #expect(try merge.nextSources(10).isEmpty)
  }
}

import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Columns of random data shaped to provoke one encoding or another.
enum Shape: CaseIterable {
  case constant
  case smallRange
  case runs
  case lowCardinality
  case random
  case extremes
  /// Steadily growing, with a step back now and then.
  case ascending
  /// Small numbers with a few great ones among them.
  case outliers
  /// Fractions of two digits, with a few that have none; wide decimals of 24 digits.
  case prices
}

/// Every type, with both widths of decimals.
let allTypes: [DataType] = [
  .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 15, scale: 2),
  .decimal(precision: 38, scale: 10), .date, .datetime, .string,
]

/// `count` values of the type; nulls with a chance of one in four when asked for.
func sampleValues(
  _ type: DataType, _ shape: Shape, count: Int, nullable: Bool,
  _ generator: inout SeededGenerator
) -> [Value] {
  let palette = (0..<8).map { _ in oneValue(type, .random, &generator) }
  var previous = oneValue(type, shape, &generator)
  let constant = previous
  // Older shapes take the numbers they always took: fixtures are made of them.
  var steps = shape == .ascending ? generator.split() : generator
  var row = 0
  return (0..<count).map { _ in
    if nullable, generator.next() % 4 == 0 { return .null }
    switch shape {
    case .constant: return constant
    case .lowCardinality: return palette[Int(generator.next() % 8)]
    case .runs:
      if generator.next() % 50 == 0 { previous = oneValue(type, .random, &generator) }
      return previous
    case .ascending:
      row += 1
      return ascendingValue(type, row, &steps)
    case .outliers where generator.next() % 40 != 0: return oneValue(type, .smallRange, &generator)
    case .outliers: return oneValue(type, .random, &generator)
    case .smallRange, .random, .extremes, .prices: return oneValue(type, shape, &generator)
    }
  }
}

private func ascendingValue(
  _ type: DataType, _ row: Int, _ generator: inout SeededGenerator
) -> Value {
  let noise = Int128(generator.next() % 7)
  let jump = generator.next() % 60 == 0 ? Int128(generator.next() % 100_000) : 0
  if let range = type.integerRange {
    let width = UInt128(bitPattern: range.upperBound &- range.lowerBound)
    let place = UInt128(row) * 1000 + UInt128(noise + jump)
    return .integer(range.lowerBound &+ Int128(bitPattern: width < place ? place % 2 : place))
  }
  if type == .string { return .string("key-\(1_000_000 + row)") }
  return .floating(Double(row))
}

private func oneValue(
  _ type: DataType, _ shape: Shape, _ generator: inout SeededGenerator
) -> Value {
  let bits = generator.next()
  if let range = type.integerRange { return .integer(oneInteger(range, shape, &generator)) }
  if type == .string { return .string(oneString(shape, &generator)) }
  let specials = [0.0, -0.0, .infinity, -.infinity, .nan, 1.5, -0x1p100]
  switch shape {
  case .extremes: return .floating(specials[Int(bits % UInt64(specials.count))])
  case .smallRange: return .floating(Double(bits % 10))
  case .prices where bits % 50 != 0:
    let cents = Double(bits % 1_000_000) / 100
    return .floating(type == .float ? Double(Float(cents)) : cents)
  default: return .floating(Double(Float(generator.nextUnit() * 1e6 - 5e5)))
  }
}

private func oneInteger(
  _ range: ClosedRange<Int128>, _ shape: Shape, _ generator: inout SeededGenerator
) -> Int128 {
  switch shape {
  case .extremes:
    return generator.next() % 2 == 0 ? range.lowerBound : range.upperBound
  case .smallRange:
    return min(range.upperBound, range.upperBound / 3 + Int128(generator.next() % 10))
  case .prices where range.upperBound > Int128(Int64.max):
    return Int128(generator.next()) * 50_000
  default:
    // The range of a decimal of 38 digits is wider than the greatest `Int128`.
    let width = UInt128(bitPattern: range.upperBound &- range.lowerBound)
    let chance = UInt128(generator.next()) << 64 | UInt128(generator.next())
    return range.lowerBound &+ Int128(bitPattern: chance % (width + 1))
  }
}

private func oneString(_ shape: Shape, _ generator: inout SeededGenerator) -> String {
  let letters = ["a", "b", "z", "é", "日", "\u{10FFFF}", "\u{7F}"]
  let length: UInt64
  switch shape {
  case .smallRange: length = generator.next() % 4
  case .extremes: length = [0, 31, 32, 33, 300][Int(generator.next() % 5)]
  default: length = generator.next() % 40
  }
  return (0..<length).map { _ in letters[Int(generator.next() % UInt64(letters.count))] }
    .joined()
}

func vector(_ type: DataType, _ values: [Value]) -> ColumnVector {
  let builder = ColumnBuilder(type: type)
  for value in values { builder.append(value) }
  return builder.finish()
}

/// Equal as stored: NaN equals NaN, and strings are compared by their bytes.
func isSame(_ a: Value, _ b: Value) -> Bool {
  switch (a, b) {
  case (.floating(let x), .floating(let y)):
    return x.bitPattern == y.bitPattern || (x.isNaN && y.isNaN)
  case (.string(let x), .string(let y)): return x.utf8.elementsEqual(y.utf8)
  default: return a == b
  }
}

func isSame(_ a: [Value], _ b: [Value]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { isSame($0, $1) }
}

func rows(of vector: ColumnVector) -> [Value] { (0..<vector.count).map { vector[$0] } }

func openSegment(_ bytes: [UInt8]) throws -> SegmentReader {
  try SegmentReader(file: MemoryFile(path: "test.seg", bytes: bytes))
}

/// All rows of a column, page after page.
func readColumn(
  _ reader: SegmentReader, _ column: Int, form: VectorForm = .wide
) throws -> [Value] {
  var work = PageWork()
  return try (0..<reader.pageCount).flatMap {
    rows(of: try reader.readPage(column: column, page: $0, form: form, work: &work))
  }
}

/// A batch with one column of every type.
func sampleBatch(
  _ shape: Shape, rowCount: Int, nullable: Bool, _ generator: inout SeededGenerator
) throws -> (batch: ColumnBatch, values: [[Value]]) {
  let schema = try Schema(
    allTypes.enumerated().map { ("c\($0.offset)", $0.element, nullable) }, sortKeyCount: 1)
  let values = allTypes.map {
    sampleValues($0, shape, count: rowCount, nullable: nullable, &generator)
  }
  let columns = zip(allTypes, values).map { vector($0, $1) }
  return (ColumnBatch(schema: schema, rowCount: rowCount, columns: columns), values)
}

/// Texts of a few words each, mostly different, as people and generators write them.
func proseSamples(count: Int, _ generator: inout SeededGenerator) -> [String] {
  let words = [
    "carefully", "final", "deposits", "sleep", "quickly", "among", "the", "blithely", "ironic",
    "requests", "über", "pinto", "beans", "日本", "haggle",
  ]
  return (0..<count).map { _ in
    (0..<3 + generator.next() % 8).map { _ in words[Int(generator.next() % UInt64(words.count))] }
      .joined(separator: " ") + "\(generator.next() % 100)"
  }
}

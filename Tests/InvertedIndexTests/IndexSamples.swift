import InvertedIndex
import ScanKernels
import StorageBase
import StorageIO

/// Random rows, queries, and indexes of them.
struct IndexSamples {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private static let words = [
    "the", "The", "quick", "QUICK", "qu", "furious", "deposits", "a1", "42", "Straße", "ΣΊΣΥΦΟΣ",
    "İstanbul", "café", "cafe\u{301}", "北京", "北", "北京大学", "京", "カタカナ", "한국어", "𠀀𠀁", "😀",
    "naïve", "x_y", "\u{212A}elvin", "", "e",
  ]
  private static let gaps = [" ", "  ", ", ", "-", "", "。", "\t", ".", " (", "\u{0}"]

  mutating func pick<T>(_ items: [T]) -> T { items[Int(generator.next() % UInt64(items.count))] }

  mutating func chance(_ oneIn: UInt64) -> Bool { generator.next() % oneIn == 0 }

  mutating func text() -> String {
    var text = ""
    for _ in 0..<generator.next() % 9 { text += pick(Self.words) + pick(Self.gaps) }
    if chance(40) { text += String(repeating: pick(["z", "é", "京"]), count: 300) }
    return text
  }

  mutating func value(_ type: DataType) -> Value {
    switch type {
    case .string: return .string(text())
    case .float, .double:
      let specials = [0.0, -0.0, .infinity, -.infinity, .nan, 1.5, -2.5, 1e30]
      return .floating(chance(2) ? pick(specials) : Double(Int(generator.next() % 40)) - 20)
    default:
      guard let range = type.integerRange else { preconditionFailure("an integer type") }
      if chance(8) { return .integer(pick([range.lowerBound, range.upperBound])) }
      let small = Int128(generator.next() % 40) - 20
      return .integer(min(max(small, range.lowerBound), range.upperBound))
    }
  }

  mutating func rows(_ type: DataType, count: Int) -> [Value] {
    (0..<count).map { _ in chance(7) ? .null : storable(value(type), type) }
  }

  /// A column of floats holds no other doubles; queries may ask for some.
  private func storable(_ value: Value, _ type: DataType) -> Value {
    if type == .float, case .floating(let number) = value {
      return .floating(Double(Float(number)))
    }
    return value
  }

  mutating func query(_ type: DataType, depth: Int = 2) -> IndexQuery {
    if depth > 0, chance(2) {
      let parts = (0..<generator.next() % 4).map { _ in query(type, depth: depth - 1) }
      switch generator.next() % 3 {
      case 0: return .and(parts)
      case 1: return .or(parts)
      default: return .not(query(type, depth: depth - 1))
      }
    }
    let textKinds: UInt64 = type == .string ? 4 : 0
    switch generator.next() % (4 + textKinds) {
    case 0: return .isNull
    case 1: return .equals(bound(type))
    case 2: return .isIn((0..<generator.next() % 4).map { _ in bound(type) })
    case 3: return .range(lower: end(type), upper: end(type))
    case 4: return .matchAny(text())
    case 5: return .matchAll(pick(Self.words) + " " + pick(Self.words))
    case 6: return .matchPhrase(pick(Self.words) + pick(Self.gaps) + pick(Self.words))
    default:
      let words = pick(Self.words) + pick(Self.gaps) + pick(Self.words)
      return .matchPhrasePrefix(chance(2) ? words : String(words.prefix(2)))
    }
  }

  private mutating func bound(_ type: DataType) -> Value {
    if chance(12) { return .null }
    if chance(6), type.integerRange != nil { return .integer(pick([Int128.min, .max, 1 << 40])) }
    return value(type)
  }

  private mutating func end(_ type: DataType) -> IndexQuery.Bound? {
    chance(4) ? nil : IndexQuery.Bound(bound(type), isInclusive: chance(2))
  }

  /// Vectors of these rows, of random lengths, some of them coded.
  mutating func vectors(_ rows: [Value], _ type: DataType) -> [ColumnVector] {
    var result: [ColumnVector] = []
    var start = 0
    while start < rows.count {
      let end = min(rows.count, start + 1 + Int(generator.next() % 50))
      let builder = ColumnBuilder(type: type)
      for value in rows[start..<end] { builder.append(value) }
      let vector = builder.finish()
      result.append(type == .string && chance(2) ? coded(vector) : vector)
      start = end
    }
    return result
  }

  private func coded(_ vector: ColumnVector) -> ColumnVector {
    // One entry that no row has.
    var entries = ["never used"]
    let codes = (0..<vector.count).map { row -> UInt32 in
      let text = String(decoding: vector.bytes(at: row), as: UTF8.self)
      if let known = entries.firstIndex(where: { $0.utf8.elementsEqual(text.utf8) }) {
        return UInt32(known)
      }
      entries.append(text)
      return UInt32(entries.count - 1)
    }
    return ColumnVector(
      type: vector.type, count: vector.count,
      body: .coded(codes: .of(codes), dictionary: StringTable(entries)), nulls: vector.nulls)
  }

  mutating func build(
    _ rows: [Value], _ type: DataType, _ options: IndexOptions
  ) throws -> [UInt8] {
    let writer = try InvertedIndexWriter(type: type, options: options)
    for vector in vectors(rows, type) { try writer.add(vector, firstRow: writer.rowCount) }
    let sink = MemoryIndexSink()
    let summary = try writer.finish(to: sink)
    precondition(summary.byteCount == sink.bytes.count)
    return sink.bytes
  }
}

/// Every parser with and without what can be switched; a bound that leaves some values out.
let allStringOptions: [IndexOptions] = IndexParser.allCases.flatMap { parser in
  [true, false].flatMap { lowerCase in
    [true, false].map { phrase in
      IndexOptions(
        parser: parser, lowerCase: lowerCase, supportPhrase: phrase,
        ignoreAbove: lowerCase ? 256 : 32_766)
    }
  }
}

func open(_ bytes: [UInt8]) throws -> InvertedIndexReader {
  try InvertedIndexReader(MemoryFile(path: "index", bytes: bytes))
}

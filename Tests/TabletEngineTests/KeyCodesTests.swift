import ScanKernels
import StorageBase
import Testing

@testable import TabletEngine

/// Equal keys have equal codes, others have others.
@Suite struct KeyCodesTests {
  private static let keys: [[(DataType, Bool)]] = [
    [(.int64, false)], [(.int8, false)], [(.bool, false)], [(.date, false)], [(.int16, false)],
    [(.decimal(precision: 12, scale: 2), false)],
    [(.int64, true)], [(.int8, true), (.int16, false)], [(.string, false)], [(.string, true)],
    [(.string, true), (.string, true)], [(.double, false)], [(.float, true), (.double, true)],
    [(.decimal(precision: 30, scale: 2), true), (.int32, false)],
    [(.string, false), (.date, true), (.string, false), (.int64, false)],
  ]

  private static func secret(_ seed: UInt64) -> KeySecret {
    var random = SeededGenerator(seed: seed)
    return KeySecret(using: &random)
  }

  private func value(_ type: DataType, _ random: inout SeededGenerator) -> Value {
    let number = Int.random(in: -9...9, using: &random)
    switch type {
    case .string:
      // All lengths around the words and steps of the fingerprint, ending in a zero byte or not.
      let text = String(repeating: "x", count: [0, 1, 7, 8, 15, 16, 17, 32][abs(number) % 8])
      return .string(number < 0 ? text + "\0" : text)
    case .float, .double:
      return .floating([Double(number), -0.0, 0, .nan, -.nan, -.infinity, 1][abs(number) % 7])
    case .bool: return .integer(Int128(abs(number) % 2))
    case .decimal(let precision, _) where precision > 18:
      return .integer(Int128(number / 3) << 64 + Int128(number % 3))
    case .int64: return .integer(Int128(Int64(number) << 60))
    default: return .integer(Int128(number))
    }
  }

  /// The same for equal values only, and for those that are equal as keys.
  private func identity(_ value: Value) -> String {
    switch value {
    case .null: "null"
    case .integer(let number): "i\(number)"
    case .floating(let number): number.isNaN ? "nan" : "f\(number == 0 ? 0 : number)"
    case .string(let text): "s\(text.utf8.count):\(text)"
    }
  }

  private func columns(_ key: [(DataType, Bool)]) throws -> [Column] {
    try Schema(key.enumerated().map { ("k\($0)", $1.0, $1.1) }, sortKeyCount: key.count).columns
  }

  private func words(_ codes: KeyCodes) -> [[UInt64]] {
    (0..<codes.count).map { Array(codes.words[$0 * codes.width..<($0 + 1) * codes.width]) }
  }

  @Test(arguments: keys.indices)
  func equalCodesAreEqualKeys(index: Int) throws {
    let key = Self.keys[index]
    var random = SeededGenerator(seed: UInt64(index))
    let coder = KeyCoder(keyColumns: try columns(key), secret: Self.secret(1))
    #expect(coder.width == (index < 6 ? 1 : 2))
    var codeOfKey: [String: [UInt64]] = [:]
    var keyOfCode: [[UInt64]: String] = [:]
    for rowCount in [0, 1, 2, 63, 64, 65, 500] {
      let vectors = key.map { type, isNullable in
        let builder = ColumnBuilder(type: type)
        for _ in 0..<rowCount {
          let isNull = isNullable && Int.random(in: 0..<4, using: &random) == 0
          builder.append(isNull ? .null : value(type, &random))
        }
        return builder.finish()
      }
      let codes = coder.codes(of: vectors)
      #expect(codes.count == rowCount && codes.width == coder.width)
      for (row, code) in words(codes).enumerated() {
        let identity = vectors.map { self.identity($0[row]) }.joined(separator: "|")
        #expect(codeOfKey.updateValue(code, forKey: identity) ?? code == code)
        #expect(keyOfCode.updateValue(identity, forKey: code) ?? identity == identity)
        if coder.width == 1, case .integer(let number) = vectors[0][row] {
          #expect(Int128(Int64(bitPattern: code[0])) == number)
        }
      }
    }
  }

  /// The bytes that lie one after the other are the same, the columns are not.
  @Test func columnsDoNotRunIntoEachOther() throws {
    let coder = KeyCoder(
      keyColumns: try columns([(.string, true), (.string, true)]), secret: Self.secret(1))
    let pairs: [(Value, Value)] = [
      (.string("ab"), .string("c")), (.string("a"), .string("bc")), (.string(""), .string("abc")),
      (.string("abc"), .string("")), (.null, .string("abc")), (.string("abc"), .null),
      (.null, .null), (.string(""), .string("")), (.string(""), .null), (.null, .string("")),
      (.string("c"), .string("ab")), (.string("\0"), .string("")), (.string(""), .string("\0")),
    ]
    let builders = (ColumnBuilder(type: .string), ColumnBuilder(type: .string))
    for (first, second) in pairs {
      builders.0.append(first)
      builders.1.append(second)
    }
    let codes = words(coder.codes(of: [builders.0.finish(), builders.1.finish()]))
    #expect(Set(codes).count == pairs.count)
  }

  /// Strings have the same code as themselves and as entries of a dictionary, short or long.
  @Test(arguments: [3, 40, 1000])
  func dictionariesMakeNoDifference(entryCount: Int) throws {
    var random = SeededGenerator(seed: 3)
    let coder = KeyCoder(keyColumns: try columns([(.string, true)]), secret: Self.secret(1))
    let entries = (0..<entryCount).map { String(repeating: "ab", count: $0 % 20) + "\($0)" }
    let numbers = (0..<40).map { _ in UInt32.random(in: 0..<UInt32(entryCount), using: &random) }
    let nulls = Bitmap(count: numbers.count)
    nulls.set(5)
    nulls.set(39)
    let coded = ColumnVector(
      type: .string, count: numbers.count,
      body: .coded(codes: .of(numbers), dictionary: StringTable(entries)), nulls: nulls)
    let builder = ColumnBuilder(type: .string)
    for (row, number) in numbers.enumerated() {
      builder.append(nulls[row] ? .null : .string(entries[Int(number)]))
    }
    #expect(words(coder.codes(of: [coded])) == words(coder.codes(of: [builder.finish()])))
  }

  /// Whoever does not know the secret does not know the codes.
  @Test func secretsMakeTheCodes() throws {
    let keyColumns = try columns([(.int64, false), (.string, false)])
    let builders = (ColumnBuilder(type: .int64), ColumnBuilder(type: .string))
    for number in 0..<100 {
      builders.0.append(.integer(Int128(number)))
      builders.1.append(.string("\(number)"))
    }
    let vectors = [builders.0.finish(), builders.1.finish()]
    let codes = [1, 2].map {
      words(KeyCoder(keyColumns: keyColumns, secret: Self.secret($0)).codes(of: vectors))
    }
    #expect(Set(codes.joined().joined()).count == 400)
  }
}

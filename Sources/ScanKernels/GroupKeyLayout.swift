import StorageBase

/// Where the columns of a group key lie in its packed form: whole 64-bit words, so that keys of any
/// columns hash and compare without knowing them.
///
/// Columns of few possible values (bool, 8 and 16-bit integers, and others whose values are known
/// to lie close together) and strings are kept as *codes* of
/// 32 bits with 0 for null; the others by value, with a flag bit for null after all values.
struct GroupKeyLayout {
  enum Form {
    /// A code of so many bits: the value less `lowest`, plus one.
    case narrow(lowest: Int, bits: Int)
    /// A code: the number of an interned string.
    case string
    /// The bits of a value of 32, 64 or 128 bits.
    case wide
  }

  struct Place: Hashable {
    var word: Int
    var shift: UInt64
  }

  struct Field {
    let type: DataType
    let form: Form
    let place: Place
    let nullFlag: Place?
  }

  let fields: [Field]
  let wordCount: Int
  /// Whether every column is kept as a code.
  let isAllCodes: Bool

  /// The most bits of a code of a column whose values are known to lie close together.
  private static let codeBitsMax = 18

  /// - Parameter ranges: for each column a range that its values lie in; nil when none is known.
  init(_ columns: [Column], ranges: [ClosedRange<Int64>?]) {
    let forms = zip(columns, ranges).map { Self.form(of: $0.type, $1) }
    var places = [Place](repeating: Place(word: 0, shift: 0), count: columns.count)
    var flags = [Place?](repeating: nil, count: columns.count)
    var end = 0
    // Widest first, so that no value straddles two words; bits are counted from the first word.
    let bitCounts = zip(columns, forms).map { Self.bitCount(of: $0.type, $1) }
    for width in [128, 64, 32] {
      for index in columns.indices where bitCounts[index] == width {
        places[index] = Place(word: end / 64, shift: UInt64(end % 64))
        end += width
      }
    }
    for (index, column) in columns.enumerated()
    where column.isNullable && Self.isWide(forms[index]) {
      flags[index] = Place(word: end / 64, shift: UInt64(end % 64))
      end += 1
    }
    wordCount = max(1, (end + 63) / 64)
    fields = columns.enumerated().map { index, column in
      Field(
        type: column.type, form: forms[index], place: places[index],
        nullFlag: flags[index])
    }
    isAllCodes = fields.allSatisfy { !Self.isWide($0.form) }
  }

  private static func bitCount(of type: DataType, _ form: Form) -> Int {
    guard isWide(form) else { return 32 }
    switch type.physical {
    case .int128: return 128
    case .int64, .float64: return 64
    case .int8, .int16, .int32, .float32, .bytes: return 32
    }
  }

  private static func form(of type: DataType, _ range: ClosedRange<Int64>?) -> Form {
    switch type {
    case .bool: return .narrow(lowest: 0, bits: 2)
    case .int8: return .narrow(lowest: Int(Int8.min), bits: 9)
    case .int16: return .narrow(lowest: Int(Int16.min), bits: 17)
    case .string: return .string
    case .float, .double: return .wide
    case .int32, .int64, .date, .datetime, .decimal: break
    }
    guard type.physical != .int128, let range else { return .wide }
    let (span, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
    guard !overflow, span < (1 << codeBitsMax) - 1 else { return .wide }
    // One more for null.
    let bits = Int64.bitWidth - (span + 1).leadingZeroBitCount
    return .narrow(lowest: Int(range.lowerBound), bits: bits)
  }

  private static func isWide(_ form: Form) -> Bool {
    if case .wide = form { return true }
    return false
  }

  /// The code that a packed key holds in a field that is not wide.
  func code(_ field: Field, in key: UnsafePointer<UInt64>) -> UInt32 {
    UInt32(truncatingIfNeeded: key[field.place.word] >> field.place.shift)
  }

  /// One column of a packed key as a value.
  func value(
    _ field: Field, in key: UnsafePointer<UInt64>, strings: StringInterner
  ) -> Value {
    switch field.form {
    case .narrow(let lowest, _):
      let code = code(field, in: key)
      return code == 0 ? .null : .integer(Int128(lowest + Int(code) - 1))
    case .string:
      let code = code(field, in: key)
      return code == 0 ? .null : .string(String(decoding: strings.string(code), as: UTF8.self))
    case .wide:
      if let flag = field.nullFlag, key[flag.word] >> flag.shift & 1 != 0 { return .null }
      return wideValue(field, low: key[field.place.word] >> field.place.shift, in: key)
    }
  }

  private func wideValue(
    _ field: Field, low: UInt64, in key: UnsafePointer<UInt64>
  ) -> Value {
    switch field.type.physical {
    case .int32: return .integer(Int128(Int32(truncatingIfNeeded: low)))
    case .int64: return .integer(Int128(Int64(bitPattern: low)))
    case .float32: return .floating(Double(Float(bitPattern: UInt32(truncatingIfNeeded: low))))
    case .float64: return .floating(Double(bitPattern: low))
    case .int128:
      let high = Int64(bitPattern: key[field.place.word + 1])
      return .integer(Int128(high) << 64 | Int128(low))
    case .int8, .int16, .bytes: preconditionFailure("\(field.type) is kept as a code")
    }
  }
}

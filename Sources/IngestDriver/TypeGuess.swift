import StorageBase

/// The types that the fields of a column seen so far could be of.
struct TypeGuess {
  /// Digits after the point beyond which a number is a measurement rather than an amount.
  private static let scaleMax = 6

  private var isEmpty = true
  private var canBeInteger = true
  private var canBeDate = true
  private var canBeDatetime = true
  private var canBeDecimal = true
  private var canBeDouble = true
  private var scale = 0
  private var wholeDigitCount = 0
  private var hasNull = false

  var isNullable: Bool {
    get { hasNull || isEmpty }
    set { hasNull = newValue }
  }

  var type: DataType {
    if isEmpty { return .string }
    if canBeInteger { return .int64 }
    if canBeDate { return .date }
    if canBeDatetime { return .datetime }
    if canBeDecimal, scale <= Self.scaleMax, wholeDigitCount + scale <= 18 {
      return .decimal(precision: 18, scale: scale)
    }
    return canBeDouble ? .double : .string
  }

  mutating func observe(_ bytes: UnsafeRawBufferPointer) {
    isEmpty = false
    canBeInteger =
      canBeInteger
      && succeeds { () throws(TextProblem) in
        _ = try ValueText.integer(bytes, in: Int64.min...Int64.max)
      }
    canBeDate =
      canBeDate && succeeds { () throws(TextProblem) in _ = try ValueText.date(bytes) }
    canBeDatetime =
      canBeDatetime && succeeds { () throws(TextProblem) in _ = try ValueText.datetime(bytes) }
    canBeDouble =
      canBeDouble && succeeds { () throws(TextProblem) in _ = try ValueText.double(bytes) }
    observeDecimal(bytes)
  }

  private mutating func observeDecimal(_ bytes: UnsafeRawBufferPointer) {
    guard canBeDecimal else { return }
    let digits = bytes.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.endIndex
    let fractionCount = max(0, digits.endIndex - point - 1)
    canBeDecimal = succeeds { () throws(TextProblem) in
      _ = try ValueText.decimal(
        bytes, precision: 38, scale: min(38, fractionCount), as: Int128.self)
    }
    scale = max(scale, fractionCount)
    wholeDigitCount = max(wholeDigitCount, point - digits.startIndex)
  }

  private func succeeds(_ parse: () throws(TextProblem) -> Void) -> Bool {
    do throws(TextProblem) {
      try parse()
      return true
    } catch {
      return false
    }
  }
}

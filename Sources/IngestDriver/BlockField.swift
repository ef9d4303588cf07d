import StorageBase

/// How the fields of a column become values: a fast way for the usual form, and the way of
/// `ValueText`, which knows every form and what is wrong with the others.
protocol BlockField {
  associatedtype Value: Numeric & BitwiseCopyable

  /// The value of a field of the usual form, else nil. May read 32 bytes after the field.
  func plainValue(_ start: UnsafeRawPointer, _ length: Int) -> Value?

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Value
}

extension BlockField {
  @inline(__always) func plainValue(_ start: UnsafeRawPointer, _ length: Int) -> Value? { nil }
}

struct IntegerField: BlockField {
  let range: ClosedRange<Int64>

  @inline(__always) func plainValue(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
    guard let value = DigitWord.integer(start, length), range.contains(value) else { return nil }
    return value
  }

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.integer(bytes, in: range)
  }
}

struct DecimalField: BlockField {
  let precision: Int
  let scale: Int
  private let plain: DigitWord.Decimal?

  init(precision: Int, scale: Int) {
    self.precision = precision
    self.scale = scale
    plain = DigitWord.Decimal(precision: precision, scale: scale)
  }

  @inline(__always) func plainValue(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
    plain?.unscaled(start, length)
  }

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.decimal(bytes, precision: precision, scale: scale, as: Int64.self)
  }
}

struct WideDecimalField: BlockField {
  let precision: Int
  let scale: Int

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int128 {
    try ValueText.decimal(bytes, precision: precision, scale: scale, as: Int128.self)
  }
}

struct DateField: BlockField {
  @inline(__always) func plainValue(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
    length == 10 ? DigitWord.date(start) : nil
  }

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.day(bytes)
  }
}

struct CompactDateField: BlockField {
  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.compactDate(bytes)
  }
}

struct DatetimeField: BlockField {
  @inline(__always) func plainValue(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
    DigitWord.datetime(start, length)
  }

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.datetime(bytes)
  }
}

struct EpochField: BlockField {
  let unit: Int64

  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.epoch(bytes, unit: unit)
  }
}

struct BoolField: BlockField {
  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    try ValueText.bool(bytes) ? 1 : 0
  }
}

struct FloatField: BlockField {
  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Float {
    try ValueText.float(bytes)
  }
}

struct DoubleField: BlockField {
  func value(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Double {
    try ValueText.double(bytes)
  }
}

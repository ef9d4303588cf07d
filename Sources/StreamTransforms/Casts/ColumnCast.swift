import ScanKernels
import StorageBase

/// Turns the values of a column into those of another type, a column at a time.
///
/// Texts are read as `ValueText` says, as those of files are. Numbers with more digits after the
/// point than the type has are rounded half away from zero, as SQL does; a value that does not fit
/// the type fails. Dates count as midnight; a datetime becomes the day it is on. Everything becomes
/// a text as CSV files show it.
struct ColumnCast: Hashable, Sendable {
  let source: DataType
  let target: DataType
  /// Of texts that are dates or times, tried one after the other; of integers that are times, one
  /// that counts.
  let patterns: [DatePattern]

  struct Result {
    /// Of the target type; rows that failed are null.
    let vector: ColumnVector
    /// Rows whose value has no counterpart; nil for none.
    let failed: Bitmap?
  }

  /// Nil where no value of the one type has a counterpart in the other.
  init?(from source: DataType, to target: DataType, patterns: [DatePattern] = []) {
    guard source == target || Self.isPossible(source, target, patterns) else { return nil }
    self.source = source
    self.target = target
    self.patterns = patterns
  }

  private static func isPossible(
    _ source: DataType, _ target: DataType, _ patterns: [DatePattern]
  ) -> Bool {
    if source == .string || target == .string { return true }
    let isSourceTime = source == .date || source == .datetime
    let isTargetTime = target == .date || target == .datetime
    if isSourceTime != isTargetTime {
      // Numbers are times only where it is said how they count.
      return isTargetTime && source.physical.isInteger && source.scale == 0
        && patterns.contains { $0.epochUnit != nil }
    }
    if isSourceTime { return true }
    return !(source == .bool && target.isFloating) && !(source.isFloating && target == .bool)
  }

  func apply(_ vector: ColumnVector) -> Result {
    if source == target { return Result(vector: vector, failed: nil) }
    if source == .string { return parsed(vector) }
    if target == .string { return Result(vector: vector.asText, failed: nil) }
    if target.isFloating { return floating(vector.doubles) }
    if source.isFloating { return integers(ofFloating: vector.doubles) }
    return integers(vector)
  }

  // MARK: - From texts

  private func parsed(_ vector: ColumnVector) -> Result {
    switch target {
    case .float: return parsed(vector, Float.self, ValueText.float)
    case .double: return parsed(vector, Double.self, ValueText.double)
    case .bool:
      return parsed(vector, Int8.self) { (text) throws(TextProblem) in
        try ValueText.bool(text) ? 1 : 0
      }
    case .int8: return parsedIntegers(vector, Int8.self)
    case .int16: return parsedIntegers(vector, Int16.self)
    case .int32: return parsedIntegers(vector, Int32.self)
    case .int64: return parsedIntegers(vector, Int64.self)
    case .decimal(let precision, let scale):
      if target.physical == .int64 {
        return parsed(vector, Int64.self) { (text) throws(TextProblem) in
          try ValueText.decimal(text, precision: precision, scale: scale, as: Int64.self)
        }
      }
      return parsed(vector, Int128.self) { (text) throws(TextProblem) in
        try ValueText.decimal(text, precision: precision, scale: scale, as: Int128.self)
      }
    case .datetime:
      return parsed(vector, Int64.self) { (text) throws(TextProblem) in
        try firstMatch { (pattern) throws(TextProblem) in try pattern.microseconds(text) }
      }
    case .date:
      return parsed(vector, Int32.self) { (text) throws(TextProblem) in
        // A storable day fits.
        Int32(
          truncatingIfNeeded: try firstMatch { (pattern) throws(TextProblem) in
            try pattern.day(text)
          })
      }
    case .string: return Result(vector: vector, failed: nil)
    }
  }

  /// What the first pattern makes of a text that it does not refuse.
  @inline(__always) private func firstMatch(
    _ read: (DatePattern) throws(TextProblem) -> Int64
  ) throws(TextProblem) -> Int64 {
    if patterns.isEmpty { return try read(.iso) }
    for pattern in patterns.dropLast() {
      do throws(TextProblem) { return try read(pattern) } catch { continue }
    }
    return try read(patterns[patterns.count - 1])
  }

  private func parsedIntegers<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ vector: ColumnVector, _ type: T.Type
  ) -> Result {
    let range = Int64(T.min)...Int64(T.max)
    return parsed(vector, T.self) { (text) throws(TextProblem) in
      T(truncatingIfNeeded: try ValueText.integer(text, in: range))
    }
  }

  @inline(__always) private func parsed<T: BitwiseCopyable>(
    _ vector: ColumnVector, _: T.Type, _ parse: (UnsafeRawBufferPointer) throws(TextProblem) -> T
  ) -> Result {
    let buffer = AlignedBuffer(byteCount: vector.count * MemoryLayout<T>.stride, zeroed: true)
    let values = buffer.mutableValues(as: T.self)
    var failed: Bitmap?
    let (texts, nulls) = (TextLanes(vector), vector.nulls)
    for row in 0..<vector.count where !(nulls?[row] ?? false) {
      do throws(TextProblem) { values[row] = try parse(texts[row]) } catch {
        failed = failed ?? Bitmap(count: vector.count)
        failed?.set(row)
      }
    }
    return result(buffer, vector.nulls, failed)
  }

  private func result(_ buffer: AlignedBuffer, _ nulls: Bitmap?, _ failed: Bitmap?) -> Result {
    let count = buffer.byteCount / max(1, target.physical.width)
    var all = nulls
    if let failed {
      let union = failed.copy()
      if let nulls { union.formUnion(nulls) }
      all = union
    }
    return Result(
      vector: ColumnVector(type: target, count: count, body: .fixed(buffer), nulls: all),
      failed: failed)
  }

  // MARK: - From numbers and times

  private func floating(_ doubles: ColumnVector) -> Result {
    if target == .double { return Result(vector: doubles, failed: nil) }
    let buffer = AlignedBuffer(byteCount: doubles.count * 4)
    let (values, target) = (doubles.values(as: Double.self), buffer.mutableValues(as: Float.self))
    for row in 0..<doubles.count { target[row] = Float(values[row]) }
    return result(buffer, doubles.nulls, nil)
  }

  private func integers(ofFloating doubles: ColumnVector) -> Result {
    let values = doubles.values(as: Double.self)
    let unit = Double(powerOfTen(target.scale))
    return integers(doubles) { row in
      let scaled = (values[row] * unit).rounded(.toNearestOrAwayFromZero)
      return Int128(exactly: scaled)
    }
  }

  private func integers(_ vector: ColumnVector) -> Result {
    let lanes = IntegerLanes(vector).widened
    let values = lanes.values
    switch (source, target) {
    case (.date, .datetime):
      return integers(lanes.vector) { values[$0] * Int128(ValueText.microsecondsPerDay) }
    case (.datetime, .date):
      return integers(lanes.vector) {
        values[$0].flooredDivision(by: Int128(ValueText.microsecondsPerDay))
      }
    case (_, .date), (_, .datetime): return epochs(lanes)
    default: break
    }
    let shift = target.scale - source.scale
    if shift == 0 { return integers(lanes.vector) { values[$0] } }
    let factor = powerOfTen(abs(shift))
    if shift > 0 {
      return integers(lanes.vector) { row in
        let (product, overflow) = values[row].multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
      }
    }
    return integers(lanes.vector) { Self.rounded(values[$0], by: factor) }
  }

  /// The quotient, half of one rounded away from zero.
  private static func rounded(_ value: Int128, by divisor: Int128) -> Int128 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    guard remainder.magnitude >= divisor.magnitude - remainder.magnitude else { return quotient }
    return quotient + (value < 0 ? -1 : 1)
  }

  private func epochs(_ lanes: IntegerLanes.UnsafeLanes) -> Result {
    let unit = Int128(patterns.compactMap(\.epochUnit).first ?? 1)
    let values = lanes.values
    let divisor = target == .date ? Int128(ValueText.microsecondsPerDay) : 1
    return integers(lanes.vector) { row in
      let (product, overflow) = values[row].multipliedReportingOverflow(by: unit)
      return overflow ? nil : product.flooredDivision(by: divisor)
    }
  }

  /// - Parameter value: of a row that is not null; nil where there is none.
  @inline(__always) private func integers(
    _ vector: ColumnVector, _ value: (Int) -> Int128?
  ) -> Result {
    let range = target.integerRange ?? 0...0
    let buffer = AlignedBuffer(byteCount: vector.count * target.physical.width, zeroed: true)
    var failed: Bitmap?
    for row in 0..<vector.count where !vector.isNull(row) {
      if let value = value(row), range.contains(value) {
        buffer.store(value, at: row, as: target.physical)
      } else {
        failed = failed ?? Bitmap(count: vector.count)
        failed?.set(row)
      }
    }
    return result(buffer, vector.nulls, failed)
  }
}

extension AlignedBuffer {
  /// - Precondition: the value fits the type, which is one of integers.
  @inline(__always) func store(_ value: Int128, at row: Int, as type: PhysicalType) {
    switch type {
    case .int8: mutableValues(as: Int8.self)[row] = Int8(truncatingIfNeeded: value)
    case .int16: mutableValues(as: Int16.self)[row] = Int16(truncatingIfNeeded: value)
    case .int32: mutableValues(as: Int32.self)[row] = Int32(truncatingIfNeeded: value)
    case .int64: mutableValues(as: Int64.self)[row] = Int64(truncatingIfNeeded: value)
    case .int128: mutableValues(as: Int128.self)[row] = value
    case .float32, .float64, .bytes: preconditionFailure("an integer in a column of \(type)")
    }
  }
}

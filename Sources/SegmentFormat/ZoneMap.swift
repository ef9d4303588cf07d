import ScanKernels
import StorageBase

/// What is known of some rows of one column without reading them.
public struct ZoneMap: Hashable, Sendable {
  /// Not greater than any value; null when every row is null. A long string is cut, which makes
  /// it smaller.
  public let min: Value
  /// Not less than any value; null when every row is null. A long string is cut and raised.
  public let max: Value
  public let nullCount: Int
  public let rowCount: Int
  /// Whether there is no upper bound: a long string that could not be raised. `max` is then only
  /// the beginning of the greatest value.
  public let isMaxOpen: Bool
  /// Whether `min` is the least value itself, not only a beginning of it.
  public let isMinExact: Bool
  /// Whether `max` is the greatest value itself.
  public let isMaxExact: Bool

  public init(
    min: Value, max: Value, nullCount: Int, rowCount: Int, isMaxOpen: Bool = false,
    isMinExact: Bool = true, isMaxExact: Bool = true
  ) {
    self.min = min
    self.max = max
    self.nullCount = nullCount
    self.rowCount = rowCount
    self.isMaxOpen = isMaxOpen
    self.isMinExact = isMinExact
    self.isMaxExact = isMaxExact
  }
}

/// Least and greatest value and nulls of rows seen so far, uncut.
struct ZoneMapBuilder {
  private(set) var min: Value = .null
  private(set) var max: Value = .null
  private(set) var nullCount = 0
  private(set) var rowCount = 0

  mutating func merge(_ other: ZoneMapBuilder) {
    rowCount += other.rowCount
    nullCount += other.nullCount
    if other.min.isNull { return }
    if min.isNull || other.min.precedes(min) { min = other.min }
    if max.isNull || max.precedes(other.max) { max = other.max }
  }

  init() {}

  init(_ page: PageInput) {
    rowCount = page.rowCount
    nullCount = page.nullCount
    guard nullCount < rowCount else { return }
    switch page.body {
    case .fixed(let values):
      switch page.type.physical {
      case .int8: setIntegers(page, values.assumingMemoryBound(to: Int8.self))
      case .int16: setIntegers(page, values.assumingMemoryBound(to: Int16.self))
      case .int32: setIntegers(page, values.assumingMemoryBound(to: Int32.self))
      case .int64: setIntegers(page, values.assumingMemoryBound(to: Int64.self))
      case .int128: setIntegers(page, values.assumingMemoryBound(to: Int128.self))
      case .float32: setFloats(page, values.assumingMemoryBound(to: Float.self)) { Double($0) }
      case .float64: setFloats(page, values.assumingMemoryBound(to: Double.self)) { $0 }
      case .bytes: preconditionFailure("strings are not of fixed width")
      }
    case .strings(let offsets, let bytes): setStrings(page, offsets, bytes)
    }
  }

  private mutating func setIntegers<T: ColumnInteger>(
    _ page: PageInput, _ values: UnsafePointer<T>
  ) {
    var least = T.max
    var greatest = T.min
    if page.nulls == nil {
      for row in 0..<page.rowCount {
        least = Swift.min(least, values[row])
        greatest = Swift.max(greatest, values[row])
      }
    } else {
      for row in 0..<page.rowCount where !page.isNull(row) {
        least = Swift.min(least, values[row])
        greatest = Swift.max(greatest, values[row])
      }
    }
    min = .integer(Int128(least))
    max = .integer(Int128(greatest))
  }

  /// NaN is greater than every number.
  private mutating func setFloats<T: BinaryFloatingPoint>(
    _ page: PageInput, _ values: UnsafePointer<T>, _ widen: (T) -> Double
  ) {
    for row in 0..<page.rowCount where !page.isNull(row) {
      let value = Value.floating(widen(values[row]))
      if min.isNull || value.precedes(min) { min = value }
      if max.isNull || max.precedes(value) { max = value }
    }
  }

  private mutating func setStrings(
    _ page: PageInput, _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer
  ) {
    func string(_ row: Int) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(
        start: bytes + Int(offsets[row]), count: Int(offsets[row + 1] - offsets[row]))
    }
    var least: Int?
    var greatest: Int?
    for row in 0..<page.rowCount where !page.isNull(row) {
      if least.map({ compareBytes(string(row), string($0)) < 0 }) ?? true { least = row }
      if greatest.map({ compareBytes(string(row), string($0)) > 0 }) ?? true { greatest = row }
    }
    if let least { min = .string(String(decoding: string(least), as: UTF8.self)) }
    if let greatest { max = .string(String(decoding: string(greatest), as: UTF8.self)) }
  }

  /// With long strings cut, as it is written.
  var zoneMap: ZoneMap {
    guard case .string(let least) = min, case .string(let greatest) = max else {
      return ZoneMap(min: min, max: max, nullCount: nullCount, rowCount: rowCount)
    }
    let limit = SegmentLayout.zonePrefixByteCountMax
    let cutMin = least.utf8Prefix(limit)
    let cutMax = greatest.utf8Prefix(limit)
    let isMaxExact = cutMax == greatest
    let raised = isMaxExact ? greatest : cutMax.raisedPrefix(limit)
    return ZoneMap(
      min: .string(cutMin), max: .string(raised ?? cutMax), nullCount: nullCount,
      rowCount: rowCount, isMaxOpen: raised == nil, isMinExact: cutMin == least,
      isMaxExact: isMaxExact)
  }
}

/// Negative, zero or positive as `a` sorts before, with or after `b` byte by byte.
@inline(__always)
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let common = min(a.count, b.count)
  for index in 0..<common where a[index] != b[index] { return a[index] < b[index] ? -1 : 1 }
  return a.count - b.count
}

extension String {
  /// The longest beginning of at most `limit` UTF-8 bytes that ends between characters of
  /// Unicode (scalars).
  func utf8Prefix(_ limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var result = ""
    var count = 0
    for scalar in unicodeScalars {
      count += UTF8.width(scalar)
      if count > limit { break }
      result.unicodeScalars.append(scalar)
    }
    return result
  }

  /// The least string that is greater than every string beginning with this one and not longer
  /// than `limit` bytes; nil when there is none.
  func raisedPrefix(_ limit: Int) -> String? {
    var scalars = Array(unicodeScalars)
    while let last = scalars.popLast() {
      // The code points after U+D7FF that are no characters are skipped.
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      guard let raised = Unicode.Scalar(next) else { continue }
      var result = String.UnicodeScalarView(scalars)
      result.append(raised)
      let text = String(result)
      if text.utf8.count <= limit { return text }
    }
    return nil
  }
}

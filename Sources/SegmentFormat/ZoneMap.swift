import StorageBase

/// Bounds of some rows of one column, for skipping rows without reading them.
///
/// Every value that is not null lies between `min` and `max` in the order of `Value.precedes`
/// (NaN after every number, strings by their bytes). A string longer than 32 bytes is represented
/// by a shorter bound.
public struct ZoneMap: Hashable, Sendable {
  /// Not greater than any value; null when all rows are null.
  public let min: Value
  /// Not less than any value, unless `isMaxOpen`; null when all rows are null.
  public let max: Value
  public let nullCount: Int
  public let rowCount: Int
  /// Whether `min` is a value of the rows rather than a bound below them.
  public let isMinExact: Bool
  /// Whether `max` is a value of the rows rather than a bound above them.
  public let isMaxExact: Bool
  /// There is no upper bound: `max` says nothing and must not be used for skipping.
  public let isMaxOpen: Bool

  public init(
    min: Value, max: Value, nullCount: Int, rowCount: Int, isMinExact: Bool = true,
    isMaxExact: Bool = true, isMaxOpen: Bool = false
  ) {
    self.min = min
    self.max = max
    self.nullCount = nullCount
    self.rowCount = rowCount
    self.isMinExact = isMinExact
    self.isMaxExact = isMaxExact
    self.isMaxOpen = isMaxOpen
  }

  /// The zone map of rows that are all null.
  init(allNull rowCount: Int) {
    self.init(min: .null, max: .null, nullCount: rowCount, rowCount: rowCount)
  }

  public var isAllNull: Bool { nullCount == rowCount }

  /// The zone map of these rows and those of `other` together.
  func union(_ other: ZoneMap) -> ZoneMap {
    let nulls = nullCount + other.nullCount
    let rows = rowCount + other.rowCount
    if isAllNull || other.isAllNull {
      let source = isAllNull ? other : self
      return ZoneMap(
        min: source.min, max: source.max, nullCount: nulls, rowCount: rows,
        isMinExact: source.isMinExact, isMaxExact: source.isMaxExact,
        isMaxOpen: source.isMaxOpen)
    }
    let low = other.min.precedes(min) ? other : self
    let high = isMaxOpen || (!other.isMaxOpen && other.max.precedes(max)) ? self : other
    let sameMin = !min.precedes(other.min) && !other.min.precedes(min)
    let sameMax = !max.precedes(other.max) && !other.max.precedes(max)
    return ZoneMap(
      min: low.min, max: high.max, nullCount: nulls, rowCount: rows,
      isMinExact: sameMin ? isMinExact && other.isMinExact : low.isMinExact,
      isMaxExact: sameMax ? isMaxExact && other.isMaxExact : high.isMaxExact,
      isMaxOpen: high.isMaxOpen)
  }
}

extension ZoneMap {
  /// Bounds of strings of which `low` and `high` are the least and the greatest.
  init(
    strings low: UnsafeRawBufferPointer, _ high: UnsafeRawBufferPointer, nullCount: Int,
    rowCount: Int
  ) {
    let lower = ZoneMap.validPrefix(of: low)
    let upper = ZoneMap.validPrefix(of: high)
    let isMaxExact = upper.utf8.count == high.count
    let raised = isMaxExact ? upper : ZoneMap.raised(upper)
    self.init(
      min: .string(lower), max: .string(raised ?? upper), nullCount: nullCount,
      rowCount: rowCount, isMinExact: lower.utf8.count == low.count, isMaxExact: isMaxExact,
      isMaxOpen: raised == nil)
  }

  /// The longest beginning of at most 32 bytes that is valid UTF-8.
  private static func validPrefix(of bytes: UnsafeRawBufferPointer) -> String {
    var count = Swift.min(bytes.count, SegmentLayout.zonePrefixByteCountMax)
    while count > 0 {
      let prefix = UnsafeRawBufferPointer(rebasing: bytes[..<count])
      if let text = String(validating: prefix, as: UTF8.self) { return text }
      count -= 1
    }
    return ""
  }

  /// The least text of at most 32 bytes with one character raised that is greater than every
  /// string beginning with `text`; nil when there is none.
  private static func raised(_ text: String) -> String? {
    var scalars = text.unicodeScalars
    while let last = scalars.popLast() {
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      guard let scalar = Unicode.Scalar(next) else { continue }
      var candidate = scalars
      candidate.append(scalar)
      let bound = String(candidate)
      if bound.utf8.count <= SegmentLayout.zonePrefixByteCountMax { return bound }
    }
    return nil
  }
}

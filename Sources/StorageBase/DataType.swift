/// The logical type of a column.
///
/// A `decimal` holds an unscaled integer; up to 18 digits it is stored in 64 bits, above in 128.
/// A `date` counts days, a `datetime` microseconds since 1970-01-01 UTC.
public enum DataType: Hashable, Sendable {
  case bool
  case int8
  case int16
  case int32
  case int64
  case float
  case double
  /// `precision` digits (1...38), of which `scale` (0...precision) follow the point.
  case decimal(precision: Int, scale: Int)
  case date
  case datetime
  case string

  /// How values lie in memory and, unencoded, in a page.
  public var physical: PhysicalType {
    switch self {
    case .bool, .int8: .int8
    case .int16: .int16
    case .int32, .date: .int32
    case .int64, .datetime: .int64
    case .float: .float32
    case .double: .float64
    case .decimal(let precision, _): precision <= 18 ? .int64 : .int128
    case .string: .bytes
    }
  }

  /// The inclusive range of the integers a value of this type may hold; nil for floating-point
  /// and string types.
  public var integerRange: ClosedRange<Int128>? {
    switch self {
    case .bool: 0...1
    case .int8: Int128(Int8.min)...Int128(Int8.max)
    case .int16: Int128(Int16.min)...Int128(Int16.max)
    case .int32, .date: Int128(Int32.min)...Int128(Int32.max)
    case .int64, .datetime: Int128(Int64.min)...Int128(Int64.max)
    case .decimal(let precision, _): -(powerOfTen(precision) - 1)...(powerOfTen(precision) - 1)
    case .float, .double, .string: nil
    }
  }
}

/// The representation of a value in memory. Raw values are persistent: never change or reuse one.
public enum PhysicalType: UInt8, Hashable, Sendable, CaseIterable {
  case int8 = 1
  case int16 = 2
  case int32 = 3
  case int64 = 4
  case int128 = 5
  case float32 = 6
  case float64 = 7
  /// Variable-length bytes (UTF-8 for strings).
  case bytes = 8

  /// Bytes per value; 0 for `bytes`, whose values vary.
  @inlinable public var width: Int {
    switch self {
    case .int8: 1
    case .int16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    case .int128: 16
    case .bytes: 0
    }
  }

  @inlinable public var isInteger: Bool { rawValue <= PhysicalType.int128.rawValue }
}

/// 10 to the power of `exponent`.
/// - Precondition: `exponent` is in 0...38.
public func powerOfTen(_ exponent: Int) -> Int128 {
  precondition((0...38).contains(exponent), "power of ten \(exponent) is out of 0...38")
  var result: Int128 = 1
  for _ in 0..<exponent { result *= 10 }
  return result
}

extension DataType: CustomStringConvertible {
  /// The name used in schema files and messages, such as `decimal(15,2)`.
  public var description: String {
    switch self {
    case .bool: "bool"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .float: "float"
    case .double: "double"
    case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
    case .date: "date"
    case .datetime: "datetime"
    case .string: "string"
    }
  }

  /// Parses what `description` prints; nil for anything else. `decimal(p)` means scale 0.
  public init?(_ name: some StringProtocol) {
    let plain: [String: DataType] = [
      "bool": .bool, "int8": .int8, "int16": .int16, "int32": .int32, "int64": .int64,
      "float": .float, "double": .double, "date": .date, "datetime": .datetime,
      "string": .string,
    ]
    let text = name.lowercased().filter { $0 != " " }
    if let type = plain[text] {
      self = type
      return
    }
    guard text.hasPrefix("decimal("), text.hasSuffix(")") else { return nil }
    let parts = text.dropFirst("decimal(".count).dropLast().split(
      separator: ",", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let precision = Int(parts[0]),
      let scale = parts.count == 2 ? Int(parts[1]) : 0,
      (1...38).contains(precision), (0...precision).contains(scale)
    else { return nil }
    self = .decimal(precision: precision, scale: scale)
  }
}

import ScanKernels
import StorageBase

/// Appends fields to one column: everything about the column that can be decided before the rows.
/// Holds no reference (not even a name), so that a copy per field costs nothing.
struct FieldColumn: Sendable {
  enum Kind: Sendable {
    case bool
    case integer(ClosedRange<Int64>)
    case decimal64(precision: Int, scale: Int)
    case decimal128(precision: Int, scale: Int)
    case float
    case double
    case date
    case compactDate
    case datetime
    case epoch(unit: Int64)
    case string
  }

  let type: DataType
  let isNullable: Bool
  let kind: Kind

  init(_ column: InputMapping.ColumnMapping) {
    precondition(column.format.suits(column.type))
    type = column.type
    isNullable = column.isNullable
    kind =
      switch (column.type, column.format) {
      case (.bool, _): .bool
      case (.int8, _): .integer(Int64(Int8.min)...Int64(Int8.max))
      case (.int16, _): .integer(Int64(Int16.min)...Int64(Int16.max))
      case (.int32, _): .integer(Int64(Int32.min)...Int64(Int32.max))
      case (.int64, _): .integer(Int64.min...Int64.max)
      case (.decimal(let precision, let scale), _):
        precision <= 18
          ? .decimal64(precision: precision, scale: scale)
          : .decimal128(precision: precision, scale: scale)
      case (.float, _): .float
      case (.double, _): .double
      case (.date, .compact): .compactDate
      case (.date, _): .date
      case (.datetime, .epochSeconds): .epoch(unit: 1_000_000)
      case (.datetime, .epochMilliseconds): .epoch(unit: 1000)
      case (.datetime, .epochMicroseconds): .epoch(unit: 1)
      case (.datetime, _): .datetime
      case (.string, _): .string
      }
  }

  /// Parses a field that is not null and appends its value, or throws and appends nothing.
  func append(
    _ bytes: UnsafeRawBufferPointer, to builder: ColumnBuilder
  ) throws(TextProblem) {
    if bytes.isEmpty, type != .string { throw .missing }
    switch kind {
    case .bool: builder.append(integer: try ValueText.bool(bytes) ? 1 : 0)
    case .integer(let range): builder.append(integer: try ValueText.integer(bytes, in: range))
    case .decimal64(let precision, let scale):
      builder.append(
        integer: try ValueText.decimal(
          bytes, precision: precision, scale: scale, as: Int64.self))
    case .decimal128(let precision, let scale):
      builder.append(
        wide: try ValueText.decimal(
          bytes, precision: precision, scale: scale, as: Int128.self))
    case .float: builder.append(floating: Double(try ValueText.float(bytes)))
    case .double: builder.append(floating: try ValueText.double(bytes))
    case .date: builder.append(integer: try ValueText.day(bytes))
    case .compactDate: builder.append(integer: try ValueText.compactDate(bytes))
    case .datetime: builder.append(integer: try ValueText.datetime(bytes))
    case .epoch(let unit): builder.append(integer: try ValueText.epoch(bytes, unit: unit))
    case .string:
      try ValueText.checkString(bytes)
      builder.append(bytes: bytes)
    }
  }
}

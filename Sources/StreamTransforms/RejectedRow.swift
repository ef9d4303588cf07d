import ScanKernels
import StorageBase

/// A row that a rule sent away: for the dead-letter file.
public struct RejectedRow: Hashable, Sendable {
  /// The partition of the source that the row came from.
  public let partition: String
  public let offset: Int64
  /// The name of the step or rule.
  public let rule: String
  /// What is wrong, with the column and the value.
  public let reason: String
  /// The columns of the row as it came to the rule, as a JSON object on one line.
  public let row: String

  public init(partition: String, offset: Int64, rule: String, reason: String, row: String) {
    self.partition = partition
    self.offset = offset
    self.rule = rule
    self.reason = reason
    self.row = row
  }
}

extension StreamBatch {
  /// One row as it is sent away.
  public func rejected(_ row: Int, by rule: String, because reason: String) -> RejectedRow {
    RejectedRow(
      partition: partition, offset: offset(of: row), rule: rule, reason: reason,
      row: rows.json(ofRow: row))
  }
}

extension ColumnBatch {
  /// The columns of one row as a JSON object on one line: booleans as such, integers that doubles
  /// hold exactly and floating-point numbers as numbers, everything else as CSV files show it.
  func json(ofRow row: Int) -> String {
    let members = zip(schema.columns, columns).map { column, vector in
      JSONValue.Member(column.name, Self.json(vector[row], column.type))
    }
    return JSONValue.object(members).compactText
  }

  private static let exactMax: Int128 = 1 << 53

  private static func json(_ value: Value, _ type: DataType) -> JSONValue {
    switch (type, value) {
    case (_, .null): return .null
    case (.bool, .integer(let bit)): return .bool(bit != 0)
    case (.int8, .integer(let integer)), (.int16, .integer(let integer)),
      (.int32, .integer(let integer)), (.int64, .integer(let integer)):
      if integer.magnitude <= Self.exactMax.magnitude { return .integer(Int(integer)) }
    case (.double, .floating(let number)) where number.isFinite: return .number(number)
    default: break
    }
    return .string(type.format(value))
  }
}

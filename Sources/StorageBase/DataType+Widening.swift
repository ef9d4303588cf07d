extension DataType {
  /// Whether every value of this type is one of `other`, written as the same `Value`, so that a
  /// column may change its type to `other` while its rows stay as they are. No type is wider than
  /// itself.
  public func widens(to other: DataType) -> Bool {
    switch (self, other) {
    case (.int8, .int16), (.int8, .int32), (.int8, .int64), (.int16, .int32), (.int16, .int64),
      (.int32, .int64), (.float, .double):
      true
    case (.decimal(let precision, let scale), .decimal(let wider, let otherScale)):
      wider > precision && otherScale == scale
    default: false
    }
  }

  /// The types it can be widened to, in words; nil when there are none.
  public var widerTypes: String? {
    switch self {
    case .int8: "int16, int32, int64"
    case .int16: "int32, int64"
    case .int32: "int64"
    case .float: "double"
    case .decimal(let precision, let scale) where precision < 38:
      "decimal(p,\(scale)) with p up to 38"
    default: nil
    }
  }

  /// Whether a column of this type can hold `value` as it is; a null fits every type.
  public func holds(_ value: Value) -> Bool {
    switch (self, value) {
    case (_, .null): true
    case (.float, .floating(let number)): number.isNaN || Double(Float(number)) == number
    case (.double, .floating): true
    case (.string, .string): true
    case (_, .integer(let integer)): integerRange?.contains(integer) ?? false
    default: false
    }
  }
}

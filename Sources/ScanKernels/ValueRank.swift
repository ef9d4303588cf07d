import StorageBase

/// Numbers the values of every type but string in their sort order, so that one piece of interval
/// arithmetic serves integers, decimals, dates and floating-point numbers alike.
///
/// An integer is its own rank. A floating-point number ranks by sign and magnitude of its bits
/// (-0 and +0 share rank 0, neighbours differ by one), with NaN one above infinity: NaN equals
/// itself and comes after every number, as in `Value.precedes`.
enum ValueRank {
  static func of(_ number: Double) -> Int64 {
    if number.isNaN { return of(Double.infinity) + 1 }
    let bits = Int64(bitPattern: number.bitPattern)
    return bits >= 0 ? bits : Int64.min &- bits
  }

  static func of(_ number: Float) -> Int64 {
    if number.isNaN { return of(Float.infinity) + 1 }
    let bits = Int32(bitPattern: number.bitPattern)
    return Int64(bits >= 0 ? bits : Int32.min &- bits)
  }

  static func double(_ rank: Int64) -> Double {
    if rank > of(Double.infinity) { return .nan }
    let magnitude = Double(bitPattern: rank.magnitude)
    return rank < 0 ? -magnitude : magnitude
  }

  static func float(_ rank: Int64) -> Float {
    if rank > of(Float.infinity) { return .nan }
    let magnitude = Float(bitPattern: UInt32(rank.magnitude))
    return rank < 0 ? -magnitude : magnitude
  }

  /// All ranks of a type; nil for strings.
  static func domain(of type: DataType) -> ClosedRange<Int128>? {
    switch type {
    case .float: Int128(of(-Float.infinity))...Int128(of(Float.nan))
    case .double: Int128(of(-Double.infinity))...Int128(of(Double.nan))
    default: type.integerRange
    }
  }

  /// The rank of a stored value; nil for null, strings, and values of another kind than the type.
  static func of(_ value: Value, type: DataType) -> Int128? {
    switch (type, value) {
    case (.float, .floating(let number)): Int128(of(Float(number)))
    case (.double, .floating(let number)): Int128(of(number))
    case (.float, _), (.double, _), (.string, _): nil
    case (_, .integer(let integer)): integer
    default: nil
    }
  }

  /// The value of a rank within the domain of a type that is not string.
  static func value(_ rank: Int128, type: DataType) -> Value {
    switch type {
    case .float: .floating(Double(float(Int64(rank))))
    case .double: .floating(double(Int64(rank)))
    default: .integer(rank)
    }
  }
}

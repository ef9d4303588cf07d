import StorageBase

/// `digits` times 10 to the power of `exponent`.
struct ScaledNumber {
  let digits: Int128
  let exponent: Int

  init(digits: Int128, exponent: Int) {
    self.digits = digits
    self.exponent = exponent
  }

  /// The shortest decimal that prints a finite number: 12.34 for the double nearest to it.
  init?(shortestOf number: Double) {
    let parts = number.description.split(separator: "e")
    guard let mantissa = parts.first, let power = parts.count == 2 ? Int(parts[1]) : 0 else {
      return nil
    }
    let halves = mantissa.split(separator: ".")
    let fraction = halves.count == 2 && halves[1] != "0" ? halves[1] : ""
    guard let whole = halves.first, let digits = Int128(whole + fraction) else { return nil }
    self.init(digits: digits, exponent: power - fraction.utf8.count)
  }

  /// The largest integer not above this number times 10 to the power of `scale`, and whether it is
  /// equal. A number too large for `Int128` gives its first or last value and is not exact.
  func floor(scale: Int) -> (Int128, isExact: Bool) {
    let shift = exponent + scale
    if digits == 0 { return (0, true) }
    if shift >= 0 {
      guard shift <= 38 else { return (digits < 0 ? .min : .max, false) }
      let (product, overflow) = digits.multipliedReportingOverflow(by: powerOfTen(shift))
      return overflow ? (digits < 0 ? .min : .max, false) : (product, true)
    }
    guard shift >= -38 else { return (digits < 0 ? -1 : 0, false) }
    let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: powerOfTen(-shift))
    return (remainder < 0 ? quotient - 1 : quotient, remainder == 0)
  }
}

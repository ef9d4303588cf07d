// The standard library has no logarithms, and those of the operating system may differ in the last
// digit from one machine to the next: neither a policy's decision nor a simulation may.

/// The logarithm to base 2 of a positive finite number, to about 15 digits; the same on every
/// machine.
public func binaryLogarithm(_ value: Double) -> Double {
  precondition(value > 0 && value.isFinite, "\(value) has no logarithm")
  // value = significand · 2^exponent with the significand in 1..<2, and
  // ln(m) = 2·(z + z³/3 + z⁵/5 + …) with z = (m-1)/(m+1), which is at most 1/3.
  let z = (value.significand - 1) / (value.significand + 1)
  let square = z * z
  var sum = 0.0
  for odd in stride(from: 33, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
  return Double(value.exponent) + 2 * z * sum / naturalLogarithmOf2
}

/// The natural logarithm of a positive finite number; see `binaryLogarithm`.
public func naturalLogarithm(_ value: Double) -> Double {
  binaryLogarithm(value) * naturalLogarithmOf2
}

/// e to the power of a number, to about 15 digits; the same on every machine.
public func exponential(_ value: Double) -> Double {
  precondition(!value.isNaN, "there is no such power")
  guard value > -745 else { return 0 }
  guard value < 710 else { return .infinity }
  // e^x = 2^n · e^r with |r| at most ln(2)/2, where 16 terms of the series are enough.
  let whole = (value / naturalLogarithmOf2).rounded()
  let rest = value - whole * naturalLogarithmOf2
  var sum = 1.0
  for term in stride(from: 16, through: 1, by: -1) { sum = 1 + sum * rest / Double(term) }
  return Double(sign: .plus, exponent: Int(whole), significand: sum)
}

private let naturalLogarithmOf2 = 0.693_147_180_559_945_3

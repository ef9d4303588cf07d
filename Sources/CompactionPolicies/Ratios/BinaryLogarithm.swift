/// The logarithm to base 2 of a positive finite number, to about 15 digits.
///
/// The standard library has none, and that of the operating system may differ in the last digit
/// from one machine to the next: decisions must not.
func binaryLogarithm(_ value: Double) -> Double {
  precondition(value > 0 && value.isFinite, "\(value) has no logarithm")
  // value = significand · 2^exponent with the significand in 1..<2, and
  // ln(m) = 2·(z + z³/3 + z⁵/5 + …) with z = (m-1)/(m+1), which is at most 1/3.
  let z = (value.significand - 1) / (value.significand + 1)
  let square = z * z
  var sum = 0.0
  for odd in stride(from: 33, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
  let naturalLogarithmOf2 = 0.693_147_180_559_945_3
  return Double(value.exponent) + 2 * z * sum / naturalLogarithmOf2
}

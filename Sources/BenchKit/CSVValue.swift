import Glibc

/// A type that a field of a results file can hold.
public protocol CSVValue: Sendable {
  /// Before quoting; nil when there is nothing to say, as with a ratio that divides by zero.
  var csvText: String? { get }
}

extension Int: CSVValue {
  public var csvText: String? { String(self) }
}

extension UInt64: CSVValue {
  public var csvText: String? { String(self) }
}

extension String: CSVValue {
  public var csvText: String? { self }
}

extension Bool: CSVValue {
  public var csvText: String? { self ? "true" : "false" }
}

extension Double: CSVValue {
  /// Nine significant digits, which hides the noise of binary fractions; nil when not finite.
  public var csvText: String? {
    guard isFinite else { return nil }
    if self == rounded(), magnitude < 1e15 { return String(Int64(self)) }
    let scale = Glibc.pow(10, 8 - Glibc.floor(Glibc.log10(magnitude)))
    // Below about 1e-300 the scale itself overflows.
    let shortened = (self * scale).rounded() / scale
    return String(scale.isFinite && shortened.isFinite ? shortened : self)
  }
}

/// One line of RFC 4180 without its end: fields with a comma, a quote or a line break are quoted.
func csvLine(_ fields: [String]) -> String {
  fields.map(csvField).joined(separator: ",")
}

func csvField(_ text: String) -> String {
  let mustQuote = text.utf8.contains { byte in
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
  }
  guard mustQuote else { return text }
  var quoted = "\""
  for character in text.unicodeScalars {
    if character == "\"" { quoted.append("\"") }
    quoted.unicodeScalars.append(character)
  }
  return quoted + "\""
}

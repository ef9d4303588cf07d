/// Numbers with units, as people write them.
public enum ConfigUnits {
  private static let times: [(unit: String, microseconds: Int64)] = [
    ("us", 1), ("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
    ("d", 86_400_000_000),
  ]
  private static let sizes: [(unit: String, byteCount: Int64)] = [
    ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]

  /// Microseconds of `100ms`, `5s`, `1h`; `0` needs no unit. Nil for anything else, and for more
  /// than 64 bits hold.
  public static func duration(_ text: some StringProtocol) -> Int64? {
    guard let (number, unit) = parts(String(text)) else { return nil }
    if unit.isEmpty { return number == 0 ? 0 : nil }
    return times.first { $0.unit == unit }.flatMap { product(number, $0.microseconds) }
  }

  /// Bytes of `4096`, `64KiB`, `1GiB`. Nil for anything else, and for more than 64 bits hold.
  public static func byteSize(_ text: some StringProtocol) -> Int? {
    guard let (number, unit) = parts(String(text)) else { return nil }
    if unit.isEmpty { return Int(number) }
    return sizes.first { $0.unit == unit }.flatMap { product(number, $0.byteCount) }.map { Int($0) }
  }

  /// In the greatest unit that leaves a whole number.
  public static func text(microseconds: Int64) -> String {
    guard let unit = times.last(where: { microseconds % $0.microseconds == 0 }), microseconds != 0
    else { return "0s" }
    return "\(microseconds / unit.microseconds)\(unit.unit)"
  }

  /// In the greatest unit that leaves a whole number.
  public static func text(byteCount: Int) -> String {
    guard let unit = sizes.last(where: { Int64(byteCount) % $0.byteCount == 0 }), byteCount != 0
    else { return "0B" }
    return "\(Int64(byteCount) / unit.byteCount)\(unit.unit)"
  }

  /// A number of digits and what follows it.
  private static func parts(_ text: String) -> (Int64, String)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits) else { return nil }
    return (number, String(text.dropFirst(digits.count)))
  }

  private static func product(_ a: Int64, _ b: Int64) -> Int64? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : product
  }
}

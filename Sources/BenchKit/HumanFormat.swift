/// Bytes for people: `812 B`, `1.50 KiB`, `23.4 MiB`, `1.21 GiB`, `3.00 TiB`.
public func formatBytes(_ bytes: Int) -> String {
  scaled(Double(bytes), base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

/// Counts for people: `812`, `12.3 k`, `4.50 M`, `1.21 G`.
public func formatCount(_ count: Int) -> String {
  scaled(Double(count), base: 1000, units: ["", "k", "M", "G", "T"])
}

/// Rates for people, as `formatCount` but with digits after the point below 100; `-` when not
/// finite.
public func formatRate(_ rate: Double) -> String {
  guard rate.isFinite else { return "-" }
  return rate.magnitude < 999.5
    ? threeDigits(rate) : scaled(rate, base: 1000, units: ["", "k", "M", "G", "T"])
}

/// Spans of time for people: `850 ns`, `1.20 µs`, `35.0 ms`, `2.40 s`, `3 min 05 s`,
/// `2 h 10 min`.
public func formatDuration(seconds: Double) -> String {
  guard seconds.isFinite else { return "-" }
  switch seconds.magnitude {
  case 0: return "0 s"
  case ..<0.999_5e-6: return threeDigits(seconds * 1e9) + " ns"
  case ..<0.999_5e-3: return threeDigits(seconds * 1e6) + " µs"
  case ..<0.999_5: return threeDigits(seconds * 1e3) + " ms"
  case ..<119.5: return threeDigits(seconds) + " s"
  case ..<7170:
    let whole = Int(seconds.rounded())
    return "\(whole / 60) min \(twoDigits(whole % 60)) s"
  case ..<1e15:
    let minutes = Int((seconds / 60).rounded())
    return "\(minutes / 60) h \(twoDigits(minutes % 60)) min"
  default: return "-"
  }
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

private func scaled(_ value: Double, base: Double, units: [String]) -> String {
  var rest = value
  var unit = 0
  // 999.5 would be shown as 1000.
  while rest.magnitude >= base - 0.5, unit + 1 < units.count {
    rest /= base
    unit += 1
  }
  let digits = unit == 0 ? String(Int(rest)) : threeDigits(rest)
  return units[unit].isEmpty ? digits : digits + " " + units[unit]
}

/// Three significant digits, all of those before the point: `1.23`, `12.3`, `1234`.
private func threeDigits(_ value: Double) -> String {
  let places = value.magnitude < 9.995 ? 2 : value.magnitude < 99.95 ? 1 : 0
  return formatFixed(value, places: places)
}

/// `value` rounded to `places` digits after the point (0...9), without an exponent.
/// `-` when it is not finite or beyond 64 bits.
public func formatFixed(_ value: Double, places: Int) -> String {
  precondition((0...9).contains(places))
  let factor = (0..<places).reduce(1.0) { product, _ in product * 10 }
  let shifted = (value * factor).rounded()
  guard shifted.magnitude < 9e18 else { return "-" }
  let whole = Int64(shifted)
  guard places > 0 else { return String(whole) }
  let divisor = Int64(factor)
  let fraction = String(whole.magnitude % UInt64(divisor))
  let zeros = String(repeating: "0", count: places - fraction.count)
  return "\(whole < 0 ? "-" : "")\(whole.magnitude / UInt64(divisor)).\(zeros)\(fraction)"
}

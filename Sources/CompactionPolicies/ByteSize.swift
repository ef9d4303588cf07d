/// Bytes for people to read, such as `1.5 MiB`; exact below 1 KiB, else cut to one decimal.
struct ByteSize: CustomStringConvertible {
  let byteCount: Int

  init(_ byteCount: Int) { self.byteCount = byteCount }

  var description: String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
    guard byteCount >= 1024 else { return "\(byteCount) B" }
    var exponent = 0
    while exponent + 1 < units.count, byteCount >> (10 * (exponent + 2)) > 0 { exponent += 1 }
    let tenths = ((byteCount >> (10 * exponent)) * 10) >> 10
    let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
    return "\(tenths / 10)\(fraction) \(units[exponent])"
  }
}

import StorageBase

/// Texts of values: as they are written, at their limits, and with a mistake.
struct TextSamples {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

  mutating func digits(_ count: Int) -> String {
    String((0..<count).map { _ in Character(String(Int.random(in: 0...9, using: &random))) })
  }

  private mutating func pick(_ texts: [String]) -> String {
    texts[Int.random(in: 0..<texts.count, using: &random)]
  }

  mutating func integer() -> String {
    if chance(4) {
      // Around the limits of every width, and of what fits when it is multiplied.
      let limit = Int128(1) << Int128(pick(["7", "15", "31", "63", "64"]))!
      let value = limit + Int128.random(in: -2...2, using: &random)
      return pick(["", "-", "+"]) + pick(["", "0", "0000000000000"]) + String(value)
    }
    return pick(["", "", "-", "+"]) + digits(Int.random(in: 0...22, using: &random))
  }

  mutating func decimal(precision: Int, scale: Int) -> String {
    let whole = digits(Int.random(in: 0...max(1, precision - scale + 1), using: &random))
    let fraction = digits(Int.random(in: 0...scale, using: &random))
    let zeros = pick(["", "", "0", "00000"])
    return pick(["", "", "-", "+"]) + whole + pick(["", ".", "."]) + fraction + zeros
  }

  mutating func floating() -> String {
    if chance(12) {
      return pick(["", "-", "+"]) + pick(["inf", "INFINITY", "NaN", "nan", "infin"])
    }
    if chance(4) { return "\(Double(bitPattern: random.next()))" }
    let exponents = ["", "", "e5", "E-12", "e+22", "e23", "e308", "e309", "e-400", "e99999999999"]
    let number = decimal(precision: Int.random(in: 1...25, using: &random), scale: 8)
    return number + pick(exponents)
  }

  mutating func time() -> String {
    func two(_ range: ClosedRange<Int>) -> String {
      let number = Int.random(in: range, using: &random)
      return number < 10 ? "0\(number)" : "\(number)"
    }
    let years = ["2026", "2000", "1900", "0000", "9999", "1969", digits(4), digits(5), digits(7)]
    var text = pick(["", "", "", "-"]) + pick(years + ["294247", "5881580", "5879610"])
    text += "-\(chance(20) ? two(0...99) : two(1...12))-\(chance(20) ? two(0...40) : two(1...30))"
    if chance(3) { return text }
    text += pick(["T", " "]) + two(0...24) + ":" + two(0...60)
    if !chance(4) {
      text += ":" + two(0...60)
      if !chance(3) { text += "." + digits(Int.random(in: 0...10, using: &random)) }
    }
    let (hour, minute) = (two(0...24), two(0...60))
    return text + pick(["", "", "Z", "+\(hour)", "-\(hour)\(minute)", "+\(hour):\(minute)"])
  }

  /// The same with a byte changed, left out or put in, once in a while.
  mutating func damaged(_ text: String) -> String {
    guard chance(3) else { return text }
    let alphabet = Array("0159+-.:eETZ aifnxtyé/_\u{7F}\u{11}\0")
    var characters = Array(text)
    let index = Int.random(in: 0...characters.count, using: &random)
    let character = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
    if index == characters.count || chance(3) {
      characters.insert(character, at: index)
    } else if chance(2) {
      characters[index] = character
    } else {
      characters.remove(at: index)
    }
    return String(characters)
  }
}

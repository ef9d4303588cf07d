/// What a scalar is to a tokenizer, looked up once and remembered: properties of the standard
/// library cost some tens of nanoseconds each. Not thread-safe.
struct CharacterClasses {
  struct Class: OptionSet {
    let rawValue: UInt8
    /// Part of a word: a letter, mark or digit.
    static let word = Class(rawValue: 1)
    /// An ideograph or kana: `word` is set too.
    static let ideograph = Class(rawValue: 2)
    /// Lower-casing changes it.
    static let changes = Class(rawValue: 4)
    fileprivate static let known = Class(rawValue: 128)
  }

  /// By scalar, for the basic plane; 0 where nothing is known yet. Empty until it is needed.
  private var basic: [UInt8] = []

  mutating func of(_ scalar: Unicode.Scalar) -> Class {
    guard scalar.value < 1 << 16 else { return Self.compute(scalar) }
    if basic.isEmpty { basic = [UInt8](repeating: 0, count: 1 << 16) }
    let known = Class(rawValue: basic[Int(scalar.value)])
    if !known.isEmpty { return known }
    let computed = Self.compute(scalar).union(.known)
    basic[Int(scalar.value)] = computed.rawValue
    return computed
  }

  private static func compute(_ scalar: Unicode.Scalar) -> Class {
    let properties = scalar.properties
    var result: Class = []
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
      result = .word
    default: return []
    }
    if properties.isIdeographic || isKana(scalar.value) { result.insert(.ideograph) }
    if properties.changesWhenLowercased { result.insert(.changes) }
    return result
  }

  /// Hiragana, katakana and their extensions; half-width katakana.
  private static func isKana(_ value: UInt32) -> Bool {
    (0x3041...0x30FF).contains(value) || (0x31F0...0x31FF).contains(value)
      || (0xFF66...0xFF9F).contains(value)
  }
}

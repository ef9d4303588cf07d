/// Cuts values into tokens, the same way when an index is built and when it is asked. Not
/// thread-safe: each writer and each query has its own. Linear in the bytes.
struct Tokenizer {
  let parser: IndexParser
  let lowerCase: Bool
  /// For each byte what a token holds in its place; 0 if it is no ASCII letter or digit.
  private let folded: [UInt8]
  private var classes = CharacterClasses()

  init(_ options: IndexOptions) {
    parser = options.parser
    lowerCase = options.lowerCase
    folded = options.lowerCase ? Self.lowered : Self.unchanged
  }

  private static let lowered = (0..<256).map { fold(UInt8($0), lowerCase: true) }
  private static let unchanged = (0..<256).map { fold(UInt8($0), lowerCase: false) }

  private static func fold(_ byte: UInt8, lowerCase: Bool) -> UInt8 {
    switch byte {
    case 0x41...0x5A: lowerCase ? byte | 0x20 : byte
    case 0x30...0x39, 0x61...0x7A: byte
    default: 0
    }
  }

  /// Puts the tokens of `value` into `tokens`, replacing what it held.
  mutating func tokenize(_ value: UnsafeRawBufferPointer, into tokens: TokenBuffer) {
    switch parser {
    case .none: takeWhole(value, into: tokens)
    case .keyword: takeKeyword(value, into: tokens)
    case .english: cutEnglish(value, into: tokens)
    case .unicode: cutUnicode(value, pairing: false, into: tokens)
    case .chinese: cutUnicode(value, pairing: true, into: tokens)
    }
  }

  /// The tokens of a query, each in memory of its own.
  mutating func tokens(of text: String) -> [[UInt8]] {
    let buffer = TokenBuffer()
    var copy = text
    copy.withUTF8 { tokenize(UnsafeRawBufferPointer($0), into: buffer) }
    return (0..<buffer.count).map { Array(buffer[$0]) }
  }

  private func takeWhole(_ value: UnsafeRawBufferPointer, into tokens: TokenBuffer) {
    tokens.prepare(valueByteCount: value.count)
    UnsafeMutableRawPointer(tokens.bytes).copyBytes(of: value)
    tokens.endWhole(at: value.count)
  }

  private func cutEnglish(_ value: UnsafeRawBufferPointer, into tokens: TokenBuffer) {
    tokens.prepare(valueByteCount: value.count)
    let target = tokens.bytes
    folded.withUnsafeBufferPointer { folded in
      var end = 0
      var start = 0
      for byte in value {
        let folded = folded[Int(byte)]
        if folded != 0 {
          target[end] = folded
          end &+= 1
        } else if end != start {
          tokens.endToken(at: end)
          start = end
        }
      }
      if end != start { tokens.endToken(at: end) }
    }
  }

  private mutating func takeKeyword(_ value: UnsafeRawBufferPointer, into tokens: TokenBuffer) {
    guard lowerCase else { return takeWhole(value, into: tokens) }
    tokens.prepare(valueByteCount: value.count, growth: Self.growthMax)
    var end = 0
    var rest = UTF8Scanner(value)
    while let next = rest.next() {
      switch next {
      case .ascii(let byte):
        let folded = folded[Int(byte)]
        tokens.bytes[end] = folded == 0 ? byte : folded
        end += 1
      case .scalar(let scalar):
        end = append(scalar, classes.of(scalar), to: tokens, at: end)
      case .invalid(let byte):
        tokens.bytes[end] = byte
        end += 1
      }
    }
    tokens.endWhole(at: end)
  }

  /// How many bytes lower-casing makes of one, at most: U+0130 turns from 2 into 3 bytes, U+023A
  /// from 2 into 3; bigrams double every character.
  private static let growthMax = 4

  /// Words of any script. With `pairing`, adjacent ideographs make tokens of two.
  private mutating func cutUnicode(
    _ value: UnsafeRawBufferPointer, pairing: Bool, into tokens: TokenBuffer
  ) {
    tokens.prepare(valueByteCount: value.count, growth: Self.growthMax)
    var end = 0
    // The ideograph before this character, and whether it is in a token already.
    var ideograph: (scalar: Unicode.Scalar, isTaken: Bool)?
    var rest = UTF8Scanner(value)
    while let next = rest.next() {
      var kind: CharacterClasses.Class = []
      if case .scalar(let scalar) = next { kind = classes.of(scalar) }
      if !kind.contains(.ideograph), let last = ideograph {
        if !last.isTaken { end = appendToken(last.scalar, nil, to: tokens, at: end) }
        ideograph = nil
      }
      switch next {
      case .ascii(let byte) where folded[Int(byte)] != 0:
        tokens.bytes[end] = folded[Int(byte)]
        end += 1
      case .scalar(let scalar) where kind.contains(.ideograph):
        if end != tokens.byteCount { tokens.endToken(at: end) }
        if !pairing {
          end = appendToken(scalar, nil, to: tokens, at: end)
        } else if let last = ideograph {
          end = appendToken(last.scalar, scalar, to: tokens, at: end)
          ideograph = (scalar, true)
        } else {
          ideograph = (scalar, false)
        }
      case .scalar(let scalar) where kind.contains(.word):
        end = append(scalar, kind, to: tokens, at: end)
      default:
        if end != tokens.byteCount { tokens.endToken(at: end) }
      }
    }
    if let last = ideograph, !last.isTaken {
      end = appendToken(last.scalar, nil, to: tokens, at: end)
    }
    if end != tokens.byteCount { tokens.endToken(at: end) }
  }

  private func appendToken(
    _ first: Unicode.Scalar, _ second: Unicode.Scalar?, to tokens: TokenBuffer, at start: Int
  ) -> Int {
    var end = append(first, [], to: tokens, at: start)
    if let second { end = append(second, [], to: tokens, at: end) }
    tokens.endToken(at: end)
    return end
  }

  private func append(
    _ scalar: Unicode.Scalar, _ kind: CharacterClasses.Class, to tokens: TokenBuffer, at start: Int
  ) -> Int {
    var end = start
    func write(_ scalar: Unicode.Scalar) {
      for unit in UTF8.encode(scalar).unsafelyUnwrapped {
        tokens.bytes[end] = unit
        end += 1
      }
    }
    if lowerCase && kind.contains(.changes) {
      for lowered in scalar.properties.lowercaseMapping.unicodeScalars { write(lowered) }
    } else {
      write(scalar)
    }
    return end
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func copyBytes(of source: UnsafeRawBufferPointer) {
    if let start = source.baseAddress { copyMemory(from: start, byteCount: source.count) }
  }
}

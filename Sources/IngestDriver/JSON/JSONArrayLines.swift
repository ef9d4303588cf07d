/// Makes lines of the elements of one array of JSON, byte for byte, so that a place in the lines is
/// the same place in the array. Bytes may come in several stretches, each of which begins where the
/// whole rows of the one before ended.
///
/// Commas between elements become line feeds, line feeds elsewhere become spaces, or inside
/// strings, where they are forbidden, a byte that is forbidden as well. Whatever is no array comes
/// out as a line that is no JSON. Linear; does not look inside elements.
struct JSONArrayLines {
  private enum Place {
    /// Before the array.
    case start
    /// Where an element has to follow; or may, in an array without any so far.
    case element(isFirst: Bool)
    case afterElement
    case end
  }

  private static let forbidden: UInt8 = 0x01
  private var place = Place.start

  init() {}

  /// At the start of the element after a row.
  init(afterRow isClosed: Bool) { place = isClosed ? .end : .element(isFirst: false) }

  /// Whether the array has ended.
  var isClosed: Bool { if case .end = place { true } else { false } }

  /// Writes the lines of `bytes` to as many bytes at `target`.
  /// - Returns: the bytes of whole rows.
  @discardableResult
  mutating func rewrite(
    _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
  ) -> Int {
    target.copyMemory(from: bytes)
    var whole = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A {
        if byte == 0x0A { target[index] = 0x20 }
        index += 1
        continue
      }
      index = step(byte, at: index, bytes, target)
      if index <= bytes.count, index > 0, target[index - 1] == 0x0A { whole = index }
    }
    return whole
  }

  /// Goes on from a byte that is no space; returns where.
  private mutating func step(
    _ byte: UInt8, at index: Int, _ bytes: UnsafeRawBufferPointer,
    _ target: UnsafeMutableRawBufferPointer
  ) -> Int {
    switch (place, byte) {
    case (.start, UInt8(ascii: "[")):
      place = .element(isFirst: true)
      target[index] = 0x20
      return index + 1
    case (.element(isFirst: true), UInt8(ascii: "]")), (.afterElement, UInt8(ascii: "]")):
      place = .end
      target[index] = 0x0A
      return index + 1
    case (.element, UInt8(ascii: "]")):
      place = .end
      target[index] = Self.forbidden
      return index + 1
    case (.afterElement, UInt8(ascii: ",")):
      place = .element(isFirst: false)
      target[index] = 0x0A
      return index + 1
    case (.element, UInt8(ascii: ",")):
      target[index] = Self.forbidden
      return index + 1
    case (.element, _):
      place = .afterElement
      return skipElement(from: index, bytes, target)
    case (.start, _), (.afterElement, _), (.end, _):
      target[index] = Self.forbidden
      return index + 1
    }
  }

  /// Goes to the comma or bracket that ends an element, or to the end of the bytes.
  private func skipElement(
    from start: Int, _ bytes: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) -> Int {
    var index = start
    var depth = 0
    var isInString = false
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case 0x0A: target[index] = isInString ? Self.forbidden : 0x20
      case UInt8(ascii: "\\") where isInString:
        index += 1
        if index < bytes.count, bytes[index] == 0x0A { target[index] = Self.forbidden }
      case UInt8(ascii: "\""): isInString.toggle()
      case _ where isInString: break
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "]"):
        if depth <= 0 { return index }
        depth -= 1
      case UInt8(ascii: ","): if depth <= 0 { return index }
      default: break
      }
      index += 1
    }
    return bytes.count
  }

  /// Writes what tells that the array never ended, if so. Bytes of nothing but space have no rows.
  /// - Returns: how many bytes that are.
  func finish(_ target: UnsafeMutableRawBufferPointer, at end: Int) -> Int {
    switch place {
    case .start, .end: return 0
    case .element, .afterElement:
      target[end] = Self.forbidden
      return 1
    }
  }
}

import ScanKernels
import StorageBase

/// Finds the symbols of a table in a text, the longest that fits at each place, and replaces them
/// by their codes. A lossy hash table over the first three bytes holds the longer symbols, so a
/// place costs two loads and no branch. Its memory is reused. Not thread-safe.
final class SymbolMatcher {
  /// What begins at a place: the low 9 bits are a code, or 256 and the byte when no symbol does;
  /// the length is above them.
  typealias Match = UInt32

  private struct LongSymbol {
    var bytes: UInt64
    var mask: UInt64
    var match: Match
  }

  private static let slotBits = 12
  /// Matches no text: no word has a bit set outside of its mask.
  private static let noSymbol = LongSymbol(bytes: 1, mask: 0, match: 0)

  private(set) var table = SymbolTable([])
  private let longs = UnsafeMutablePointer<LongSymbol>.allocate(capacity: 1 << slotBits)
  /// By the next two bytes: symbols of one and two bytes, and escapes.
  private let shorts = UnsafeMutablePointer<UInt16>.allocate(capacity: 1 << 16)
  private let singles = UnsafeMutablePointer<UInt16>.allocate(capacity: 1 << 8)

  deinit {
    longs.deallocate()
    shorts.deallocate()
    singles.deallocate()
  }

  /// Takes as many of the symbols as the table and its hash table have room for, the first ones
  /// before others.
  func use(_ candidates: some Sequence<SymbolTable.Symbol>) {
    longs.update(repeating: Self.noSymbol, count: 1 << Self.slotBits)
    var taken: [SymbolTable.Symbol] = []
    for symbol in candidates where taken.count < SymbolTable.symbolCountMax {
      if symbol.length > 2 {
        let slot = Self.slot(symbol.bytes)
        guard longs[slot].mask == 0 else { continue }
        longs[slot].mask = SymbolTable.Symbol.mask(length: symbol.length)
      }
      taken.append(symbol)
    }
    table = SymbolTable(taken)
    fill()
  }

  private func fill() {
    for byte in 0..<256 { singles[byte] = UInt16(1 << 9 | 256 | byte) }
    for (code, symbol) in table.symbols.enumerated() where symbol.length == 1 {
      singles[Int(symbol.bytes)] = UInt16(1 << 9 | code)
    }
    for word in 0..<(1 << 16) { shorts[word] = singles[word & 255] }
    for (code, symbol) in table.symbols.enumerated() {
      if symbol.length == 2 {
        shorts[Int(symbol.bytes)] = UInt16(2 << 9 | code)
      } else if symbol.length > 2 {
        longs[Self.slot(symbol.bytes)] = LongSymbol(
          bytes: symbol.bytes, mask: SymbolTable.Symbol.mask(length: symbol.length),
          match: Match(symbol.length << 9 | code))
      }
    }
  }

  @inline(__always) private static func slot(_ word: UInt64) -> Int {
    Int(truncatingIfNeeded: ((word & 0xFF_FFFF) &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(64 - slotBits))
  }

  /// The longest symbol that `word` begins with.
  @inline(__always) private func match(_ word: UInt64) -> Match {
    let long = longs[Self.slot(word)]
    let short = Match(shorts[Int(truncatingIfNeeded: word & 0xFFFF)])
    return word & long.mask == long.bytes ? long.match : short
  }

  /// As `match`, where only `count` bytes of the word are text.
  private func match(_ word: UInt64, count: Int) -> Match {
    let longest = match(word)
    if longest &>> 9 <= count { return longest }
    let short = Match(shorts[Int(truncatingIfNeeded: word & 0xFFFF)])
    return short &>> 9 <= count ? short : Match(singles[Int(truncatingIfNeeded: word & 0xFF)])
  }

  /// Calls `body` with every match, front to back; a generic that is specialised for its callers.
  @inline(__always)
  private func forEachMatch(_ text: UnsafeRawBufferPointer, _ body: (Match) -> Void) {
    guard let base = text.baseAddress else { return }
    var offset = 0
    while offset &+ 8 <= text.count {
      let found = match(
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      body(found)
      offset &+= Int(found &>> 9)
    }
    while offset < text.count {
      let count = min(8, text.count &- offset)
      var word: UInt64 = 0
      for index in 0..<count { word |= UInt64(text[offset &+ index]) &<< UInt64(8 &* index) }
      let found = match(word, count: count)
      body(found)
      offset &+= Int(found &>> 9)
    }
  }

  /// Appends the codes of a text to `out`.
  func encode(_ text: UnsafeRawBufferPointer, to out: ByteBuffer) {
    let start = out.count
    // An escape takes two bytes for one; the last store may reach one byte further.
    let target = out.extend(by: text.count * 2 + 1).assumingMemoryBound(to: UInt8.self)
    var end = 0
    forEachMatch(text) { found in
      // All ones for an escape, which the byte itself follows.
      let isEscape = (found &>> 8) & 1
      target[end] = UInt8(truncatingIfNeeded: found | (0 &- isEscape))
      target[end &+ 1] = UInt8(truncatingIfNeeded: found)
      end &+= 1 &+ Int(isEscape)
    }
    out.truncate(to: start + end)
  }

  /// Counts how often each match occurs, and each pair of neighbours; the first byte of a longer
  /// symbol counts as well, so that shorter ones can come back.
  func count(
    _ text: UnsafeRawBufferPointer, matches: UnsafeMutablePointer<UInt32>,
    pairs: UnsafeMutablePointer<UInt16>
  ) {
    let base = text.baseAddress
    var previous = -1
    var offset = 0
    forEachMatch(text) { found in
      let code = Int(found & 511)
      let first = 256 | Int(base?.load(fromByteOffset: offset, as: UInt8.self) ?? 0)
      matches[code] &+= 1
      if code != first { matches[first] &+= 1 }
      if previous >= 0 {
        let row = pairs + previous &* 512
        if row[code] < .max { row[code] &+= 1 }
        if code != first, row[first] < .max { row[first] &+= 1 }
      }
      previous = code
      offset &+= Int(found &>> 9)
    }
  }
}

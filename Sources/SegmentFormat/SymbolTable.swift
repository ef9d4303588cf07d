import ScanKernels
import StorageBase

/// Up to 255 short byte strings, the *symbols*, that stand for bytes of text: symbol `code` is what
/// the byte `code` means. The byte 255, the *escape*, says that the next one means itself.
///
/// FSST: Boncz, Neumann and Leis, "FSST: Fast Random Access String Compression" (PVLDB 13, 2020).
struct SymbolTable {
  /// One to eight bytes, the first in the lowest place, those after the last zero.
  struct Symbol: Hashable {
    var bytes: UInt64
    var length: Int

    static let lengthMax = 8

    /// Those bits of a word that a symbol of this length takes.
    static func mask(length: Int) -> UInt64 { ~0 >> UInt64(64 - 8 * length) }

    /// The symbol of both one after the other, cut to eight bytes.
    func followed(by other: Symbol) -> Symbol {
      let length = min(Self.lengthMax, self.length + other.length)
      // A full symbol is not lengthened: the shift would be by the whole width.
      let joined = self.length < 8 ? bytes | other.bytes << UInt64(8 * self.length) : bytes
      return Symbol(bytes: joined & Self.mask(length: length), length: length)
    }
  }

  static let symbolCountMax = 255
  static let escape: UInt8 = 255

  /// By code, ordered by length.
  let symbols: [Symbol]

  /// - Precondition: at most 255 different symbols.
  init(_ symbols: [Symbol]) {
    precondition(symbols.count <= Self.symbolCountMax)
    self.symbols = symbols.sorted { ($0.length, $0.bytes) < ($1.length, $1.bytes) }
  }

  /// Bytes of the table in a page.
  var byteCount: Int { Symbol.lengthMax + symbols.reduce(0) { $0 + $1.length } }

  func append(to out: ByteBuffer) {
    for length in 1...Symbol.lengthMax {
      out.append(UInt8(symbols.count { $0.length == length }))
    }
    for symbol in symbols {
      let target = out.extend(by: symbol.length)
      withUnsafeBytes(of: symbol.bytes.littleEndian) {
        target.copyMemory(from: $0.baseAddress!, byteCount: symbol.length)
      }
    }
  }

  init(decoding reader: inout ByteReader) throws {
    let counts = try (0..<Symbol.lengthMax).map { _ in
      Int(try reader.read(UInt8.self, "symbol count"))
    }
    let total = counts.reduce(0, +)
    guard total <= Self.symbolCountMax else {
      throw reader.corrupt(
        "symbol count", expected: "at most \(Self.symbolCountMax)", found: "\(total)")
    }
    var symbols: [Symbol] = []
    symbols.reserveCapacity(total)
    for (index, count) in counts.enumerated() {
      for _ in 0..<count {
        let bytes = try reader.readBytes(index + 1, "symbol")
        let word = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        symbols.append(Symbol(bytes: word, length: index + 1))
      }
    }
    self.symbols = symbols
  }
}

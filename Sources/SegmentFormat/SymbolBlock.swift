import ScanKernels
import StorageBase

/// Strings as packed lengths, a symbol table and the codes of all their bytes: the symbol block of
/// FORMAT.md.
enum SymbolBlock {
  static func read(_ reader: inout ByteReader, count: Int) throws -> StringTable {
    let (offsets, total) = try StringBlock.readOffsets(&reader, count: count)
    let table = try SymbolTable(decoding: &reader)
    let codeCount = try reader.readCount("symbol codes", atMost: reader.remaining)
    let codes = try reader.readBytes(codeCount, "symbol codes")
    // Refused before memory is taken for it.
    guard total <= UInt64(codeCount * SymbolTable.Symbol.lengthMax) else {
      throw reader.corrupt(
        "string bytes", expected: "\(total)", found: "\(codeCount) codes for them")
    }
    let bytes = AlignedBuffer(byteCount: Int(total))
    guard SymbolDecoder(table).decode(codes, into: bytes) else {
      throw reader.corrupt(
        "symbol codes", expected: "those of \(total) bytes", found: "others")
    }
    return StringTable(count: count, offsets: offsets, bytes: bytes)
  }
}

/// Turns codes back into text: for each a store of eight bytes, of which the next overwrites what
/// is too much.
private struct SymbolDecoder {
  /// By code; codes without a symbol are empty.
  private let words: AlignedBuffer
  private let lengths: AlignedBuffer

  init(_ table: SymbolTable) {
    words = AlignedBuffer(byteCount: 256 * 8, zeroed: true)
    lengths = AlignedBuffer(byteCount: 256, zeroed: true)
    let words = words.mutableValues(as: UInt64.self)
    let lengths = lengths.mutableValues(as: UInt8.self)
    for (code, symbol) in table.symbols.enumerated() {
      words[code] = symbol.bytes.littleEndian
      lengths[code] = UInt8(symbol.length)
    }
  }

  /// Fills `target`; false when the codes stand for more or fewer bytes, or end with an escape.
  func decode(_ codes: UnsafeRawBufferPointer, into target: AlignedBuffer) -> Bool {
    guard let source = codes.baseAddress, let out = target.mutableBytes.baseAddress,
      let words = words.values(as: UInt64.self).baseAddress,
      let lengths = lengths.values(as: UInt8.self).baseAddress
    else { return target.byteCount == 0 && codes.isEmpty }
    var (read, written) = (0, 0)
    let (readEnd, writtenEnd) = (codes.count, target.byteCount)
    while true {
      // Four codes at a time while none is an escape and all that they may stand for fits.
      while read &+ 4 <= readEnd, written &+ 32 <= writtenEnd {
        let four = UInt32(
          littleEndian: source.loadUnaligned(fromByteOffset: read, as: UInt32.self))
        if Self.hasEscape(four) { break }
        for place in 0..<4 {
          let code = Int(truncatingIfNeeded: four &>> UInt32(8 &* place)) & 0xFF
          out.storeBytes(of: words[code], toByteOffset: written, as: UInt64.self)
          written &+= Int(lengths[code])
        }
        read &+= 4
      }
      guard read < readEnd else { break }
      let code = source.load(fromByteOffset: read, as: UInt8.self)
      if code == SymbolTable.escape {
        guard read &+ 1 < readEnd, written < writtenEnd else { return false }
        out.storeBytes(
          of: source.load(fromByteOffset: read &+ 1, as: UInt8.self), toByteOffset: written,
          as: UInt8.self)
        written &+= 1
        read &+= 2
      } else {
        let length = Int(lengths[Int(code)])
        guard length <= writtenEnd &- written else { return false }
        // The padding of the buffer takes what is too much.
        out.storeBytes(of: words[Int(code)], toByteOffset: written, as: UInt64.self)
        written &+= length
        read &+= 1
      }
    }
    // It is zero by contract.
    out.storeBytes(of: 0, toByteOffset: writtenEnd, as: UInt64.self)
    return written == writtenEnd
  }

  /// Whether a byte of the word is 255.
  @inline(__always) private static func hasEscape(_ four: UInt32) -> Bool {
    let inverse = ~four
    return (inverse &- 0x0101_0101) & ~inverse & 0x8080_8080 != 0
  }
}

import CKernels
import StorageBase
import Testing

@testable import ScanKernels

/// Kernels that look through text agree with a loop, at every level and for every tail length.
@Suite struct FieldKernelTests {
  private struct Found: Equatable {
    var ends: [UInt32] = []
    var byteCount = 0
    var hasQuote = false
    var hasHigh = false
  }

  /// One byte after the other; stops after the 64 bytes that leave room for fewer than 64.
  private func expected(
    _ text: [UInt8], delimiter: UInt8, quote: UInt8?, capacity: Int
  ) -> Found {
    var found = Found()
    var isInside = false
    for (index, byte) in text.enumerated() {
      if index % 64 == 0, found.ends.count + 64 > capacity { break }
      if byte == quote { isInside.toggle() }
      if byte == delimiter || byte == UInt8(ascii: "\n"), !isInside {
        found.ends.append(UInt32(index))
      }
      found.hasQuote = found.hasQuote || byte == quote
      found.hasHigh = found.hasHigh || byte > 0x7F
      found.byteCount = index + 1
    }
    return found
  }

  private func found(
    _ kernels: ck_field_table, _ text: [UInt8], delimiter: UInt8, quote: UInt8?, capacity: Int
  ) -> Found {
    var ends = [UInt32](repeating: 0xDEAD, count: capacity + 1)
    let result = kernels.field_ends(
      text, text.count, delimiter, quote.map(Int32.init) ?? -1, &ends, capacity)
    #expect(ends[capacity] == 0xDEAD, "written after the end")
    return Found(
      ends: Array(ends[..<result.end_count]), byteCount: result.byte_count,
      hasQuote: result.has_quote != 0, hasHigh: result.has_high != 0)
  }

  @Test func endsOfFieldsAreThoseOfALoop() {
    var random = SeededGenerator(seed: 5)
    let bar = UInt8(ascii: "|")
    let mark = UInt8(ascii: "\"")
    let alphabets: [[UInt8]] = [
      Array("|\n".utf8), Array("|\nab\"".utf8), Array("|\nabcdefghijklmnop".utf8),
      Array("abcdefghijklmnopq\"|\n\r".utf8) + [0xC3, 0xFF, 0], Array(0...255),
    ]
    for level in Int32(CK_PORTABLE)...ck_level_max() {
      guard let kernels = KernelTable(level: level)?.fields else { continue }
      for count in Array(0...130) + [1000] {
        for alphabet in alphabets {
          let text = (0..<count).map { _ in alphabet.randomElement(using: &random)! }
          for (quote, delimiter) in [(mark, bar), (nil, bar), (mark, 0)] as [(UInt8?, UInt8)] {
            for capacity in [64, 130, 2000] {
              #expect(
                found(kernels, text, delimiter: delimiter, quote: quote, capacity: capacity)
                  == expected(text, delimiter: delimiter, quote: quote, capacity: capacity),
                "level \(level), \(count) bytes")
            }
          }
        }
      }
    }
  }

  @Test func bytesAreCounted() {
    var random = SeededGenerator(seed: 6)
    for level in Int32(CK_PORTABLE)...ck_level_max() {
      guard let kernels = KernelTable(level: level)?.fields else { continue }
      for count in Array(0...200) + [4097] {
        let text = (0..<count).map { _ in UInt8.random(in: 0...3, using: &random) &* 85 }
        for byte in [0, 85, 255, 7] as [UInt8] {
          #expect(kernels.count_byte(text, count, byte) == text.count { $0 == byte })
        }
      }
    }
  }
}

import StorageBase

/// Changes inputs as a fuzzer does, from a seed.
struct Mutator {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }

  /// One of the inputs with one to four changes.
  mutating func mutation(of corpus: [[UInt8]]) -> [UInt8] {
    var bytes = corpus[below(corpus.count)]
    for _ in 0...below(4) {
      switch below(7) {
      case 0: if !bytes.isEmpty { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
      case 1: if !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(below(256)) }
      case 2: overwrite(&bytes)
      case 3: bytes.removeLast(below(bytes.count + 1))
      case 4: bytes.insert(UInt8(below(256)), at: below(bytes.count + 1))
      case 5: if !bytes.isEmpty { bytes.remove(at: below(bytes.count)) }
      default: splice(&bytes, corpus[below(corpus.count)])
      }
    }
    return bytes
  }

  /// Numbers at which counts and lengths go wrong.
  private mutating func overwrite(_ bytes: inout [UInt8]) {
    let numbers: [UInt64] = [
      0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 63, .max,
    ]
    let number = numbers[below(numbers.count)]
    let start = below(bytes.count)
    for index in 0..<min(1 << below(4), bytes.count - start) {
      bytes[start + index] = UInt8(truncatingIfNeeded: number >> UInt64(index * 8))
    }
  }

  private mutating func splice(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let start = below(bytes.count + 1)
    let length = min(below(64), bytes.count - start)
    let from = below(other.count + 1)
    bytes.replaceSubrange(start..<start + length, with: other[from...].prefix(below(64)))
  }
}

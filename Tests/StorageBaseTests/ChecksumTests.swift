import StorageBase
import Testing

struct ChecksumTests {
  /// CRC32C bit by bit, straight from the definition.
  private func referenceChecksum(_ bytes: some Sequence<UInt8>, seed: UInt32 = 0) -> UInt32 {
    ~bytes.reduce(~seed) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
        (crc >> 1) ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0)
      }
    }
  }

  private func checksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { crc32c($0, seed: seed) }
  }

  /// The vectors of RFC 3720, appendix B.4, and the usual check value.
  @Test func knownVectors() {
    #expect(checksum([]) == 0)
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum(Array((0..<32).reversed())) == 0x113F_DB5C)
  }

  /// Every length across the borders of the three-stream loop, at every alignment.
  @Test func agreesWithTheDefinition() {
    var random = SeededGenerator(seed: 1)
    let bytes = (0..<7000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    // Checksums of all prefixes of each alignment, made in one pass.
    for alignment in 0..<8 {
      var expected = referenceChecksum([])
      let interesting = Set([3071, 3072, 3073, 3079, 3080, 3081, 6143, 6144, 6145, 6151, 6152])
      bytes.withUnsafeBytes { whole in
        for length in 0..<(7000 - 8) {
          if length < 100 || length % 37 == 0 || interesting.contains(length) {
            let part = UnsafeRawBufferPointer(rebasing: whole[alignment..<alignment + length])
            if crc32c(part) != expected {
              Issue.record("length \(length), alignment \(alignment)")
              return
            }
          }
          expected = referenceChecksum([whole[alignment + length]], seed: expected)
        }
      }
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func seedsChain(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let bytes = (0..<Int.random(in: 0..<8000, using: &random)).map { _ in
      UInt8(truncatingIfNeeded: random.next())
    }
    let cut = Int.random(in: 0...bytes.count, using: &random)
    let first = checksum(Array(bytes[..<cut]))
    #expect(checksum(Array(bytes[cut...]), seed: first) == checksum(bytes))
  }
}

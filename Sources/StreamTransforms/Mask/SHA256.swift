/// SHA-256 (FIPS 180-4), for keyed hashes of short values.
struct SHA256 {
  private typealias Words = (
    UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32
  )

  static let blockByteCount = 64
  static let digestByteCount = 32

  private var state: Words = (
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
    0x5BE0_CD19
  )
  /// Bytes of whole blocks that went in.
  private var blockBytes: UInt64 = 0

  private static let constants: [UInt32] = [
    0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4,
    0xAB1C_5ED5, 0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE,
    0x9BDC_06A7, 0xC19B_F174, 0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F,
    0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA, 0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7,
    0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967, 0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC,
    0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85, 0xA2BF_E8A1, 0xA81A_664B,
    0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070, 0x19A4_C116,
    0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
    0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7,
    0xC671_78F2,
  ]

  /// Takes in the first whole blocks of `bytes`, and returns how many bytes these are.
  mutating func absorb(_ bytes: UnsafeRawBufferPointer) -> Int {
    let whole = bytes.count / Self.blockByteCount * Self.blockByteCount
    var offset = 0
    while offset < whole {
      compress(bytes.baseAddress! + offset)
      offset += Self.blockByteCount
    }
    blockBytes += UInt64(whole)
    return whole
  }

  /// The digest of what was absorbed and, after it, `bytes`; written to `digest`.
  /// - Precondition: `digest` has room for 32 bytes.
  consuming func finish(
    _ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawPointer
  ) {
    let taken = absorb(bytes)
    let rest = bytes.count - taken
    let bitCount = (blockBytes + UInt64(rest)) * 8
    withUnsafeTemporaryAllocation(byteCount: 2 * Self.blockByteCount, alignment: 8) { tail in
      _ = tail.initializeMemory(as: UInt8.self, repeating: 0)
      tail.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken...]))
      tail[rest] = 0x80
      let length = rest < Self.blockByteCount - 8 ? Self.blockByteCount : tail.count
      tail.storeBytes(of: bitCount.bigEndian, toByteOffset: length - 8, as: UInt64.self)
      _ = absorb(UnsafeRawBufferPointer(rebasing: tail[..<length]))
    }
    withUnsafeBytes(of: state) { words in
      for index in 0..<8 {
        let word = words.load(fromByteOffset: index * 4, as: UInt32.self)
        digest.storeBytes(of: word.bigEndian, toByteOffset: index * 4, as: UInt32.self)
      }
    }
  }

  private mutating func compress(_ block: UnsafeRawPointer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      for index in 0..<16 {
        w[index] = UInt32(
          bigEndian: block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
      }
      for index in 16..<64 {
        let (x, y) = (w[index &- 15], w[index &- 2])
        let s0 = Self.rotated(x, 7) ^ Self.rotated(x, 18) ^ (x &>> 3)
        let s1 = Self.rotated(y, 17) ^ Self.rotated(y, 19) ^ (y &>> 10)
        w[index] = w[index &- 16] &+ s0 &+ w[index &- 7] &+ s1
      }
      var (a, b, c, d, e, f, g, h) = state
      Self.constants.withUnsafeBufferPointer { k in
        for index in 0..<64 {
          let s1 = Self.rotated(e, 6) ^ Self.rotated(e, 11) ^ Self.rotated(e, 25)
          let first = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[index] &+ w[index]
          let s0 = Self.rotated(a, 2) ^ Self.rotated(a, 13) ^ Self.rotated(a, 22)
          let second = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
          (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
      }
      state = (
        state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e, state.5 &+ f,
        state.6 &+ g, state.7 &+ h
      )
    }
  }

  @inline(__always) private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word &>> count | word &<< (32 &- count)
  }
}

import CKernels
import StorageBase
import Testing

/// The kernels behind the encodings, at every level of this machine, against plain Swift.
@Suite struct DecodingKernelTests {
  private var levels: [Int32] { (0...ck_level_max()).map { $0 } }

  @Test func prefixSumsAreRunningSums() throws {
    var generator = SeededGenerator(seed: 31)
    for level in levels {
      let kernels = try #require(ck_prefix_at(level)).pointee
      for count in Array(0..<70) + [1023, 1024, 1025] {
        let steps = (0..<count).map { _ in generator.next() }
        let start = generator.next()
        var sum = start
        let expected = steps.map { step -> UInt64 in
          sum &+= step
          return sum
        }
        var wide = steps
        kernels.sum_u64(&wide, count, start)
        #expect(wide == expected)
        var words = steps.map { UInt32(truncatingIfNeeded: $0) }
        kernels.sum_u32(&words, count, UInt32(truncatingIfNeeded: start))
        #expect(words == expected.map { UInt32(truncatingIfNeeded: $0) })
        var halves = steps.map { UInt16(truncatingIfNeeded: $0) }
        kernels.sum_u16(&halves, count, UInt16(truncatingIfNeeded: start))
        #expect(halves == expected.map { UInt16(truncatingIfNeeded: $0) })
        var bytes = steps.map { UInt8(truncatingIfNeeded: $0) }
        kernels.sum_u8(&bytes, count, UInt8(truncatingIfNeeded: start))
        #expect(bytes == expected.map { UInt8(truncatingIfNeeded: $0) })
      }
    }
  }

  private func number(_ integer: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: integer) &+ 0x4338_0000_0000_0000)
      - 6_755_399_441_055_744
  }

  @Test func decimalFractionsComeBackAtEveryLevel() throws {
    var generator = SeededGenerator(seed: 32)
    let scale = ck_alp_scale(up: 1e14, shrink: 1e-12, grow: 1e12, down: 1e-14)
    for level in levels {
      let kernels = try #require(ck_alp_at(level)).pointee
      for count in Array(0..<40) + [1000] {
        let values = (0..<count).map { _ -> Double in
          switch generator.next() % 20 {
          case 0: [.nan, .infinity, -0.0, 1e300, .pi][Int(generator.next() % 5)]
          case 1: generator.nextUnit()
          default: Double(Int64(generator.next() % 2_000_000) - 1_000_000) / 100
          }
        }
        var integers = [Int64](repeating: 0, count: count)
        var misses = [UInt32](repeating: 0, count: count + 1)
        let found = kernels.encode_f64(values, count, scale, &integers, &misses)
        var decoded = [Double](repeating: 0, count: count)
        kernels.decode_f64(integers, count, scale, &decoded)
        var expected: [UInt32] = []
        for row in 0..<count {
          let twin = number(integers[row]) * scale.grow * scale.down
          #expect(decoded[row].bitPattern == twin.bitPattern)
          if twin.bitPattern != values[row].bitPattern { expected.append(UInt32(row)) }
        }
        #expect(misses.prefix(found).elementsEqual(expected))
      }
    }
  }

  @Test func singlePrecisionComesBackAtEveryLevel() throws {
    var generator = SeededGenerator(seed: 33)
    let scale = ck_alp_scale(up: 1e2, shrink: 1, grow: 1, down: 1e-2)
    for level in levels {
      let kernels = try #require(ck_alp_at(level)).pointee
      for count in Array(0..<40) + [1000] {
        let values = (0..<count).map { _ -> Float in
          generator.next() % 20 == 0
            ? [Float.nan, .infinity, -0.0, 1e30, .pi][Int(generator.next() % 5)]
            : Float(Double(generator.next() % 200_000) / 100)
        }
        var integers = [Int32](repeating: 0, count: count)
        var misses = [UInt32](repeating: 0, count: count + 1)
        let found = kernels.encode_f32(values, count, scale, &integers, &misses)
        var decoded = [Float](repeating: 0, count: count)
        kernels.decode_f32(integers, count, scale, &decoded)
        var expected: [UInt32] = []
        for row in 0..<count {
          let twin = Float(Double(integers[row]) * scale.grow * scale.down)
          #expect(decoded[row].bitPattern == twin.bitPattern)
          if twin.bitPattern != values[row].bitPattern { expected.append(UInt32(row)) }
        }
        #expect(misses.prefix(found).elementsEqual(expected))
      }
    }
  }

  /// Figures of the xxHash specification and of its reference implementation.
  @Test func hashIsThatOfTheSpecification() {
    let known: [(String, UInt64)] = [
      ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
      ("0123456789abcd", 0xBA6A_8D6A_56C4_FA6C),
      ("0123456789abcdef0123456789abcdef", 0x642A_9495_8E71_E6C5),
      ("Streams settle into columns; compaction turns them to rock.", 0xFC86_0B1B_D860_79A2),
    ]
    for (text, hash) in known {
      let bytes = Array(text.utf8)
      #expect(ck_xxh64(bytes, bytes.count) == hash)
    }
  }
}

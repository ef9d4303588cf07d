import CKernels
import StorageBase
import Testing

/// The bit-packing kernels against a scalar twin that follows FORMAT.md bit by bit.
@Suite struct BitPackingTests {
  /// The layout as the format page words it, one bit at a time.
  private func reference(_ values: [UInt64], width: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: ck_packed_bytes(values.count, UInt32(width)))
    func set(_ bit: Int, at start: Int) { bytes[start + bit / 8] |= 1 << UInt8(bit % 8) }
    let lanes = width <= 32 ? 32 : 16
    let wordBits = width <= 32 ? 32 : 64
    let wholeCount = values.count / 1024 * 1024
    for (index, value) in values.enumerated() {
      for bit in 0..<width where value >> UInt64(bit) & 1 != 0 {
        let block = index / 1024
        if index >= wholeCount {
          set((index - wholeCount) * width + bit, at: block * 128 * width)
        } else {
          let inBlock = index % 1024
          let laneBit = inBlock / lanes * width + bit
          let word = laneBit / wordBits * lanes + inBlock % lanes
          set(word * wordBits + laneBit % wordBits, at: block * 128 * width)
        }
      }
    }
    return bytes
  }

  private func values(_ count: Int, width: Int, _ generator: inout SeededGenerator) -> [UInt64] {
    (0..<count).map { _ in width == 0 ? 0 : generator.next() >> UInt64(64 - width) }
  }

  @Test(arguments: 0...64)
  func layoutIsThatOfTheFormat(width: Int) {
    var generator = SeededGenerator(seed: UInt64(width))
    for count in [1, 7, 1023, 1024, 1025, 2100] {
      let input = values(count, width: width, &generator)
      let base = generator.next()
      let expected = reference(input, width: width)
      var packed = [UInt8](repeating: 0xAA, count: expected.count + 1)
      let shifted = input.map { $0 &+ base }
      ck_pack64(shifted, count, UInt32(width), base, &packed)
      #expect(packed.dropLast().elementsEqual(expected) && packed.last == 0xAA)
      var output = [UInt64](repeating: 0, count: count)
      ck_unpack64(packed, count, UInt32(width), base, &output)
      #expect(output == shifted)
    }
  }

  /// Every tail length, for every width, in an allocation of exactly the packed length: a kernel
  /// that reads on is caught by the address sanitizer.
  @Test(arguments: 0...64)
  func tailsOfEveryLengthComeBack(width: Int) {
    var generator = SeededGenerator(seed: 1000 + UInt64(width))
    let input = values(1023, width: width, &generator)
    for count in 0..<130 {
      var packed = [UInt8](repeating: 0, count: ck_packed_bytes(count, UInt32(width)))
      var output = [UInt64](repeating: 1, count: count)
      ck_pack64(input, count, UInt32(width), 0, &packed)
      ck_unpack64(packed, count, UInt32(width), 0, &output)
      #expect(output.elementsEqual(input.prefix(count)))
    }
  }

  @Test func narrowTypesShareTheLayout() {
    var generator = SeededGenerator(seed: 7)
    for width in 0...32 {
      for count in [5, 1024, 1500] {
        let input = values(count, width: width, &generator)
        let expected = reference(input, width: width)
        var packed = [UInt8](repeating: 0, count: expected.count)
        var words = [UInt32](repeating: 0, count: count)
        ck_pack32(input.map { UInt32($0) &+ 99 }, count, UInt32(width), 99, &packed)
        ck_unpack32(packed, count, UInt32(width), 99, &words)
        #expect(packed == expected && words == input.map { UInt32($0) &+ 99 })
        guard width <= 16 else { continue }
        var halves = [UInt16](repeating: 0, count: count)
        ck_pack16(input.map { UInt16($0) &+ 99 }, count, UInt32(width), 99, &packed)
        ck_unpack16(packed, count, UInt32(width), 99, &halves)
        #expect(packed == expected && halves == input.map { UInt16($0) &+ 99 })
        guard width <= 8 else { continue }
        var bytes = [UInt8](repeating: 0, count: count)
        ck_pack8(input.map { UInt8($0) &+ 99 }, count, UInt32(width), 99, &packed)
        ck_unpack8(packed, count, UInt32(width), 99, &bytes)
        #expect(packed == expected && bytes == input.map { UInt8($0) &+ 99 })
      }
    }
  }

  /// Every instruction-set level of this machine gives the same bytes and values.
  @Test func levelsAgree() {
    var generator = SeededGenerator(seed: 8)
    for width in 1...64 {
      let input = values(1024, width: width, &generator)
      let expected = reference(input, width: width)
      for level in 0..<ck_bitpack_level_count() {
        var packed = [UInt8](repeating: 0, count: expected.count)
        if width <= 32 {
          var output = [UInt32](repeating: 0, count: 1024)
          ck_pack32_block(level, input.map { UInt32($0) }, UInt32(width), &packed)
          ck_unpack32_block(level, packed, UInt32(width), 3, &output)
          #expect(packed == expected && output == input.map { UInt32($0) &+ 3 })
        } else {
          var output = [UInt64](repeating: 0, count: 1024)
          ck_pack64_block(level, input, UInt32(width), &packed)
          ck_unpack64_block(level, packed, UInt32(width), 3, &output)
          #expect(packed == expected && output == input.map { $0 &+ 3 })
        }
      }
    }
  }
}

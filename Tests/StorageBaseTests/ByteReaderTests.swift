import StorageBase
import Testing

struct ByteReaderTests {
  /// One field of a record, so that random records can be written and read back.
  enum Field: Equatable {
    case byte(UInt8)
    case short(Int16)
    case word(UInt32)
    case long(Int64)
    case wide(Int128)
    case number(UInt64)
    case varint(UInt64)
    case text(String)
    case raw([UInt8])
    case checksum

    static func random(_ random: inout SeededGenerator) -> Field {
      let bits = random.next()
      // Small and large varints are equally likely.
      let varint = bits >> UInt64.random(in: 0..<64, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: return .byte(UInt8(truncatingIfNeeded: bits))
      case 1: return .short(Int16(truncatingIfNeeded: bits))
      case 2: return .word(UInt32(truncatingIfNeeded: bits))
      case 3: return .long(Int64(truncatingIfNeeded: bits))
      case 4: return .wide(Int128(Int64(truncatingIfNeeded: bits)) * Int128(Int64.max))
      case 5: return .number(bits)
      case 6: return .varint(varint)
      case 7: return .text(String(repeating: "né€😀", count: Int(bits % 5)))
      case 8: return .raw((0..<Int(bits % 9)).map { UInt8($0) })
      default: return .checksum
      }
    }

    func write(to writer: inout ByteWriter) {
      switch self {
      case .byte(let value): writer.append(value)
      case .short(let value): writer.append(value)
      case .word(let value): writer.append(value)
      case .long(let value): writer.append(value)
      case .wide(let value): writer.append(value)
      case .number(let bits): writer.append(Double(bitPattern: bits))
      case .varint(let value): writer.appendVarint(value)
      case .text(let value): writer.append(value)
      case .raw(let bytes): writer.append(contentsOf: bytes)
      case .checksum: writer.appendChecksum()
      }
    }

    /// Reads a field of the same kind.
    func read(from reader: inout ByteReader) throws -> Field {
      switch self {
      case .byte: return .byte(try reader.read(UInt8.self, "byte"))
      case .short: return .short(try reader.read(Int16.self, "short"))
      case .word: return .word(try reader.read(UInt32.self, "word"))
      case .long: return .long(try reader.read(Int64.self, "long"))
      case .wide: return .wide(try reader.read(Int128.self, "wide"))
      case .number: return .number(try reader.readDouble("number").bitPattern)
      case .varint: return .varint(try reader.readVarint("varint"))
      case .text: return .text(try reader.readString("text", atMost: 1000))
      case .raw(let bytes): return .raw(Array(try reader.readBytes(bytes.count, "raw")))
      case .checksum:
        try reader.verifyChecksum("record")
        return .checksum
      }
    }
  }

  private func read(_ fields: [Field], from bytes: some Collection<UInt8>) throws -> [Field] {
    try Array(bytes).withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: "test")
      let found = try fields.map { try $0.read(from: &reader) }
      try reader.requireEnd("record")
      return found
    }
  }

  /// What was written is read; every truncation of it, and every byte too many, is refused.
  @Test(arguments: 0..<100 as Range<UInt64>)
  func roundTripsAndRefusesTruncations(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let fields = (0..<12).map { _ in Field.random(&random) }
    var writer = ByteWriter()
    for field in fields { field.write(to: &writer) }
    #expect(writer.count == writer.bytes.count)
    #expect(try read(fields, from: writer.bytes) == fields)
    for count in 0..<writer.count {
      #expect(throws: StorageError.self) { try read(fields, from: writer.bytes.prefix(count)) }
    }
    #expect(throws: StorageError.self) { try read(fields, from: writer.bytes + [0]) }
  }

  /// Hostile bytes are read or refused: a trap would end the test.
  @Test(arguments: 0..<100 as Range<UInt64>)
  func survivesNoise(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let fields = (0..<8).map { _ in Field.random(&random) }
      let bytes = (0..<Int.random(in: 0..<64, using: &random)).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
      _ = try? read(fields, from: bytes)
    }
  }

  @Test func everyFlippedBitFailsTheChecksum() throws {
    var writer = ByteWriter()
    writer.append("some record")
    writer.appendChecksum()
    for bit in 0..<writer.count * 8 {
      var bytes = writer.bytes
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: StorageError.self) {
        try bytes.withUnsafeBytes { bytes in
          var reader = ByteReader(bytes, file: "test")
          _ = try reader.readBytes(bytes.count - 4, "body")
          try reader.verifyChecksum("record")
        }
      }
    }
  }

  @Test func varintsHaveTheShortestLength() {
    for bits in 0..<64 {
      for value in [UInt64(1) << UInt64(bits), (UInt64(1) << UInt64(bits)) - 1, .max >> bits] {
        var writer = ByteWriter()
        writer.appendVarint(value)
        #expect(writer.count == max(1, (64 - value.leadingZeroBitCount + 6) / 7))
      }
    }
  }

  @Test(arguments: [
    [UInt8](repeating: 0x80, count: 20),
    [UInt8](repeating: 0xFF, count: 9) + [0x02],
    [UInt8](repeating: 0xFF, count: 9) + [0x81, 0x00],
  ])
  func varintsAbove64BitsAreRefused(bytes: [UInt8]) {
    #expect(throws: StorageError.self) {
      try bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "test")
        _ = try reader.readVarint("count")
      }
    }
  }

  @Test func countsAboveTheirLimitAreRefused() throws {
    var writer = ByteWriter()
    writer.appendVarint(.max)
    writer.appendVarint(10)
    try writer.bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: "test")
      #expect(throws: StorageError.self) {
        var copy = reader
        _ = try copy.readCount("count", atMost: .max)
      }
      _ = try reader.readVarint("count")
      #expect(throws: StorageError.self) {
        var copy = reader
        _ = try copy.readCount("count", atMost: 9)
      }
      #expect(try reader.readCount("count", atMost: 10) == 10)
    }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    for bytes: [UInt8] in [[1, 0xFF], [2, 0xC3, 0x28], [3, 0xED, 0xA0, 0x80], [2, 0xC0, 0x80]] {
      #expect(throws: StorageError.self) {
        try bytes.withUnsafeBytes { bytes in
          var reader = ByteReader(bytes, file: "test")
          _ = try reader.readString("name", atMost: 100)
        }
      }
    }
  }

  @Test func negativeCountsAreRefused() {
    #expect(throws: StorageError.self) {
      try [UInt8](repeating: 0, count: 4).withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "test")
        _ = try reader.readBytes(-1, "body")
      }
    }
  }

  /// Errors give the place of the field in the file, not in the buffer.
  @Test func errorsGiveTheOffsetInTheFile() {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
    let error = #expect(throws: StorageError.self) {
      try bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "a.segment", origin: 1000)
        _ = try reader.read(UInt32.self, "magic")
        #expect(reader.offset == 1004)
        #expect(reader.remaining == 2)
        _ = try reader.read(UInt32.self, "row count")
      }
    }
    #expect(
      error
        == .corrupt(
          file: "a.segment", offset: 1004, what: "row count", expected: "4 bytes",
          found: "2 bytes left"))
  }

  /// An origin taken from hostile bytes cannot make the arithmetic of an error message trap.
  @Test func offsetsDoNotOverflow() {
    let error = #expect(throws: StorageError.self) {
      try [UInt8](repeating: 0, count: 4).withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "test", origin: .max)
        _ = try reader.read(UInt16.self, "a")
        _ = try reader.read(UInt32.self, "b")
      }
    }
    #expect(error != nil)
  }

  @Test func integersAreLittleEndian() {
    var writer = ByteWriter()
    writer.append(UInt32(0x0102_0304))
    writer.append(Int16(-2))
    #expect(writer.bytes == [4, 3, 2, 1, 0xFE, 0xFF])
    #expect(hex(0xAB) == "0x000000ab")
    #expect(hex(.max) == "0xffffffff")
  }
}

import StorageBase
import Testing

@testable import ScanKernels

/// A byte buffer beside an array of bytes that has been through the same.
@Suite struct ByteBufferTests {
  private func varint(_ value: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.appendVarint(UInt64(value))
    return writer.bytes
  }

  @Test func holdsWhatAnArrayWouldHold() {
    for seed in 0..<100 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let buffer = random.next() % 2 == 0 ? ByteBuffer() : ByteBuffer(capacity: 3)
      var expected: [UInt8] = []
      for _ in 0..<60 {
        let number = Int(truncatingIfNeeded: random.next() >> (1 + random.next() % 63))
        switch random.next() % 8 {
        case 0:
          buffer.removeAll()
          expected = []
        case 1:
          expected.removeLast(number % (expected.count + 1))
          buffer.truncate(to: expected.count)
        case 2:
          buffer.append(UInt32(truncatingIfNeeded: number))
          withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { expected += $0 }
        case 3:
          let values = buffer.array(of: UInt16.self, count: number % 300)
          for index in 0..<number % 300 { values[index] = UInt16(index).littleEndian }
          expected = (0..<number % 300).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        case 4:
          let start = number % (expected.count + 1)
          buffer.seal(from: start)
          let sum = expected[start...].withUnsafeBytes { crc32c($0) }
          withUnsafeBytes(of: sum.littleEndian) { expected += $0 }
        case 5:
          let bytes = (0..<number % 3000).map { UInt8(truncatingIfNeeded: $0 &* number) }
          bytes.withUnsafeBytes { buffer.append($0) }
          expected += bytes
        default:
          buffer.appendVarint(number)
          expected += varint(number)
        }
        #expect(Array(buffer.bytes) == expected, "seed \(seed)")
        #expect(buffer.count == expected.count && Int(bitPattern: buffer.base) % 64 == 0)
      }
    }
  }
}

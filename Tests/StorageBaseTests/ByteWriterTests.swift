import StorageBase
import Testing

@Suite struct ByteWriterTests {
  @Test func whatIsCutOffIsGone() {
    var writer = ByteWriter()
    writer.append(UInt32(1))
    writer.append("text")
    writer.truncate(to: 4)
    #expect(writer.bytes == [1, 0, 0, 0])
    writer.append(UInt8(9))
    #expect(writer.bytes == [1, 0, 0, 0, 9])
    writer.truncate(to: 0)
    #expect(writer.bytes == [])
  }

  @Test func numbersAreWrittenOverWhatIsThere() {
    var writer = ByteWriter()
    for byte in 0..<12 { writer.append(UInt8(byte)) }
    let before = writer.bytes
    writer.overwrite(UInt32(0xAABB_CCDD), at: 3)
    #expect(writer.bytes == before[..<3] + [0xDD, 0xCC, 0xBB, 0xAA] + before[7...])
    writer.overwrite(UInt64(1), at: 4)
    #expect(writer.bytes == before[..<3] + [0xDD, 1, 0, 0, 0, 0, 0, 0, 0])
  }
}

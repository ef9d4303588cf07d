import InvertedIndex
import StorageBase
import Testing

/// What FORMAT.md says, to the byte: later programs must read what this one wrote.
struct FormatTests {
  /// The rows "b a b", null, "ab a" under the parser `english` with positions, as written before
  /// there was packing.
  private static let golden = """
    5344494904030000016102040200020202010162010201020000016201020300
    0101020000770a4e683a3000000100000000000000100000000100bafb96040b
    00000203800203030001160000010025041200000000000000010000007279e8
    c853444949
    """

  /// The same rows with packed positions.
  private static let packed = """
    534449490403000001610208020002020a010162010401020000016201040400
    0101010200003d88f6ba3a3000000100000000000000100000000100bafb9604
    0b00000203800203030001160000010026041200000001000000010000009ffb
    dd7d53444949
    """

  private static func bytes(_ golden: String) -> [UInt8] {
    let digits = golden.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
      UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
    }
  }

  @Test func bytesStay() throws {
    var samples = IndexSamples(seed: 1)
    let rows: [Value] = [.string("b a b"), .null, .string("ab a")]
    let bytes = try samples.build(rows, .string, IndexOptions(parser: .english))
    let text = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(bytes == Self.bytes(Self.packed), "\(text)")
  }

  @Test(arguments: [golden, packed]) func oldBytesAreRead(golden: String) throws {
    let reader = try open(Self.bytes(golden))
    #expect(reader.rowCount == 3 && reader.nullCount == 1 && reader.termCount == 3)
    #expect(try reader.rows(matching: .matchAny("a")).rows == [0, 2])
    #expect(try reader.rows(matching: .matchPhrase("a b")).rows == [0])
    #expect(try reader.rows(matching: .not(.matchPhrase("b a"))).rows == [2])
  }
}

import InvertedIndex
import StorageBase
import Testing

/// Bytes that are not what was written are refused or read as something else, but never trap.
struct HostileBytesTests {
  private let bytes: [UInt8]
  private let options = IndexOptions(parser: .unicode)

  init() throws {
    var samples = IndexSamples(seed: 3)
    // A term in many rows has roaring rows and several groups of positions.
    let rows = (0..<290).map { row -> Value in
      row % 29 == 0 ? .null : .string("many more \(row == 100 ? samples.text() : "")")
    }
    bytes = try samples.build(rows, .string, options)
  }

  /// Reads everything there is: all terms, rows, positions.
  private func readAll(_ bytes: [UInt8]) throws {
    let reader = try open(bytes)
    // A merge reads every byte but the magic.
    var merger = try InvertedIndexMerger(
      inputs: [reader],
      mapping: RowMapping(
        sources: Array(repeating: 0, count: min(reader.rowCount, 5000)), inputCount: 1))
    _ = try merger.merge(to: MemoryIndexSink())
    let queries: [IndexQuery] = [
      .matchPhrase("many more"), .matchPhrasePrefix("many m"), .matchPhrasePrefix("q"),
      .not(.matchAny("the")),
    ]
    for query in queries where reader.canAnswer(query) {
      var work = IndexWork()
      _ = try reader.estimate(query, work: &work)
      _ = try reader.rows(matching: query, work: &work)
    }
  }

  private func isRefused(_ bytes: [UInt8]) -> Bool {
    do {
      try readAll(bytes)
      return false
    } catch is StorageError {
      return true
    } catch {
      Issue.record("\(error)")
      return true
    }
  }

  @Test func theOriginalIsRead() throws { try readAll(bytes) }

  @Test func everyFlippedByteIsFound() {
    // The magic at the front only helps people who look at files.
    for index in 4..<bytes.count {
      var changed = bytes
      changed[index] ^= UInt8(1 + index % 255)
      #expect(isRefused(changed), "byte \(index)")
    }
  }

  @Test func everyTruncationIsFound() {
    for count in 0..<bytes.count { #expect(isRefused(Array(bytes[..<count])), "\(count) bytes") }
  }

  /// Whoever forges bytes can reckon checksums, so what is behind them is not trusted either.
  @Test func forgedChecksumsDoNoHarm() throws {
    let seals = Self.sealedRanges(bytes)
    #expect(seals.count >= 4)
    for range in seals {
      for place in range.lowerBound..<range.upperBound - 4 {
        var changed = bytes
        changed[place] ^= 1 << UInt8(place % 8) | UInt8(truncatingIfNeeded: place >> 3)
        Self.seal(&changed, range)
        _ = isRefused(changed)
      }
    }
  }

  /// Packed rows and positions, at places all over the index.
  @Test func forgedPackingDoesNoHarm() throws {
    var samples = IndexSamples(seed: 4)
    let rows = (0..<3000).map { row -> Value in
      .string("\(row % 15 == 3 ? "many more" : "") word \(row % 40 == 7 ? "many" : "")")
    }
    let bytes = try samples.build(rows, .string, options)
    let seals = Self.sealedRanges(bytes)
    #expect(seals.count >= 4)
    for range in seals {
      for step in 0..<80 {
        let place =
          step < 20
          ? range.lowerBound + step % (range.count - 4)
          : range.lowerBound + Int(samples.generator.next() % UInt64(range.count - 4))
        var changed = bytes
        changed[place] ^= 1 << UInt8(place % 8) | UInt8(truncatingIfNeeded: step)
        Self.seal(&changed, range)
        _ = isRefused(changed)
      }
    }
  }

  @Test func forgedFootersDoNoHarm() {
    let end = bytes.count
    let footerCount = Int(bytes[end - 20]) | Int(bytes[end - 19]) << 8
    for place in end - 20 - footerCount..<end - 8 {
      for change in [UInt8(1), 0x80, UInt8(truncatingIfNeeded: place * 7) | 1] {
        var changed = bytes
        changed[place] ^= change
        let sum = changed[(end - 20 - footerCount)..<(end - 8)].withUnsafeBytes { crc32c($0) }
        withUnsafeBytes(of: sum.littleEndian) {
          changed.replaceSubrange(end - 8..<end - 4, with: $0)
        }
        _ = isRefused(changed)
      }
    }
  }

  /// The blocks whose last four bytes are the checksum of the others, found by trying.
  private static func sealedRanges(_ bytes: [UInt8]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 4
    while start < bytes.count - 20 {
      let end = (start + 5...bytes.count - 20).first { end in
        let sum = bytes[start..<end - 4].withUnsafeBytes { crc32c($0) }
        return bytes[end - 4..<end].elementsEqual(withUnsafeBytes(of: sum.littleEndian, Array.init))
      }
      guard let end else { break }
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }

  private static func seal(_ bytes: inout [UInt8], _ range: Range<Int>) {
    let end = range.upperBound
    let sum = bytes[range.lowerBound..<end - 4].withUnsafeBytes { crc32c($0) }
    withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(end - 4..<end, with: $0) }
  }
}

import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Damaged primary keys are noticed, never trap, and leave the columns readable.
@Suite struct HostileKeyTests {
  private func sample(_ sequences: Bool, keyPageByteCount: Int = 300) throws -> KeyedSegments {
    let texts = ["", "\0", "a long beginning of many keys ", "a"]
    return try KeyedSegments(
      [.int32, .string], nullable: true,
      rows: (0..<300).map { row in
        [.integer(Int128(row / 25)), row % 11 == 0 ? .null : .string("\(texts[row % 4])\(row)")]
      }, hasSequences: sequences, keyPageByteCount: keyPageByteCount)
  }

  private func find(_ reader: SegmentReader, _ segments: KeyedSegments) throws -> [KeyMatch] {
    var matches: [KeyMatch] = []
    var work = KeyProbeWork()
    try reader.findKeys(
      KeyProbe(KeyedSegments.table(segments.keys)), sequenceColumn: 2, matches: &matches,
      work: &work)
    return matches
  }

  private func seal(_ bytes: inout [UInt8], _ range: Range<UInt64>) {
    let end = Int(range.upperBound) - 4
    let sum = bytes[Int(range.lowerBound)..<end].withUnsafeBytes { crc32c($0) }
    for byte in 0..<4 { bytes[end + byte] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(byte))) }
  }

  @Test func everyChangedByteIsNoticed() throws {
    for sequences in [false, true] {
      let segments = try sample(sequences)
      let extent = try #require(segments.indexed.extensions.primaryKeys)
      #expect(extent.filter != nil)
      let end = extent.root.offset + UInt64(extent.root.byteCount)
      for place in stride(from: extent.pages.lowerBound, to: end, by: 13) {
        var damaged = segments.bytes
        damaged[Int(place)] ^= UInt8(1 << (place % 8))
        let reader = try openSegment(damaged)
        #expect(!reader.verify().isEmpty, "byte \(place)")
        for column in 0..<2 {
          #expect(try isSame(readColumn(reader, column), segments.values[column]))
        }
        // A page is asked only when it is needed, but nothing wrong comes of a damaged one.
        do {
          _ = try find(reader, segments)
          Issue.record("damage at \(place) was not noticed by looking for all keys")
        } catch {
          #expect(error is StorageError)
        }
      }
    }
  }

  @Test func pagesMeetHostileBytes() throws {
    var generator = SeededGenerator(seed: 221)
    for sequences in [false, true] {
      for pageByteCount in [40, 300, 8192] {
        let segments = try sample(sequences, keyPageByteCount: pageByteCount)
        let pages = try segments.indexed.keyPageRanges()
        for _ in 0..<150 {
          var damaged = segments.bytes
          let page = pages[Int(generator.next() % UInt64(pages.count))]
          for _ in 0...generator.next() % 3 {
            let place = Int(page.lowerBound + generator.next() % UInt64(page.count - 4))
            damaged[place] = UInt8(truncatingIfNeeded: generator.next())
          }
          guard damaged != segments.bytes else { continue }
          seal(&damaged, page)
          let reader = try openSegment(damaged)
          // Nothing knows what sequences should be.
          if !sequences { #expect(!reader.verify().isEmpty) }
          do {
            for match in try find(reader, segments) { #expect(match.row < 300) }
          } catch {
            #expect(error is StorageError)
          }
        }
      }
    }
  }

  @Test func rootsAndFootersMeetHostileBytes() throws {
    var generator = SeededGenerator(seed: 222)
    let segments = try sample(true)
    let extent = try #require(segments.indexed.extensions.primaryKeys)
    let root = extent.root.offset..<extent.root.offset + UInt64(extent.root.byteCount)
    let count = UInt64(segments.bytes.count)
    let footer = segments.indexed.dataEnd..<count - 4
    for index in 0..<1000 {
      var damaged = segments.bytes
      let range = index % 2 == 0 ? root : footer
      for _ in 0...generator.next() % 2 {
        let place = Int(range.lowerBound + generator.next() % UInt64(range.count - 4))
        damaged[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      seal(&damaged, range)
      do {
        let reader = try openSegment(damaged)
        _ = reader.verify()
        for match in try find(reader, segments) { #expect(match.row < reader.rowCount) }
      } catch {
        #expect(error is StorageError)
      }
    }
  }

  /// Keys of other rows, under right checksums.
  @Test func keysOfOtherRowsAreNoticed() throws {
    let schema = try Schema([("c0", .int64, false)], sortKeyCount: 1)
    func segment(_ keys: [Int]) throws -> SegmentReader {
      let column = vector(.int64, (0..<50).map { .integer($0) })
      let others = vector(.int64, keys.map { .integer(Int128($0)) })
      let batch = ColumnBatch(schema: schema, rowCount: 50, columns: [column])
      return try openSegment(
        SegmentWriter.encode(batch, options: SegmentOptions()) { _, writer in
          try writer.appendPrimaryKeys {
            try $0.append(SortKeyBytes.encode([others], schema.columns))
          }
        }.bytes)
    }
    #expect(try segment(Array(0..<50)).verify() == [])
    #expect(try segment(Array(0..<49) + [50]).verify().count == 1)
    #expect(try segment(Array(1..<51)).verify().count == 1)
  }

  /// What a program sees that does not know of primary keys: a kind of extension that it skips.
  @Test func whoDoesNotKnowThemReadsTheColumns() throws {
    let segments = try sample(false)
    var bytes = segments.bytes
    let start = Int(segments.indexed.dataEnd)
    let extent = try #require(segments.indexed.extensions.primaryKeys)
    var entry = ByteWriter()
    for number in [
      Int(extent.pages.lowerBound), extent.pages.count, extent.filter?.byteCount ?? 0,
      extent.root.byteCount,
    ] { entry.appendVarint(UInt64(number)) }
    let content = entry.bytes
    let place = try #require(
      (start..<bytes.count - content.count).first { bytes[$0..<$0 + content.count] == content[...] }
    )
    #expect(bytes[place - 2] == 6 && Int(bytes[place - 1]) == content.count)
    bytes[place - 2] = 99
    seal(&bytes, segments.indexed.dataEnd..<UInt64(bytes.count) - 4)
    let reader = try openSegment(bytes)
    #expect(!reader.hasPrimaryKeys && reader.verify() == [])
    for column in 0..<2 {
      #expect(try isSame(readColumn(reader, column), segments.values[column]))
    }
    #expect(try find(reader, segments) == segments.expected(segments.keys, sequences: true))
  }
}

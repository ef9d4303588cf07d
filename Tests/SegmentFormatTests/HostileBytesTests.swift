import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Damaged files: every reader either gives well-formed vectors or throws `StorageError`, and
/// `verify` notices every changed byte.
@Suite struct HostileBytesTests {
  /// Reads everything. Fails the test for errors that are not `StorageError`.
  private func readAll(_ reader: SegmentReader) {
    var work = PageWork()
    for column in reader.schema.columns.indices {
      for page in 0..<reader.pageCount {
        expectStorageError {
          _ = try reader.zoneMap(column: column, page: page)
          let vector = try reader.readPage(column: column, page: page, work: &work)
          #expect(rows(of: vector).count == reader.rowRange(ofPage: page).count)
        }
        expectStorageError {
          let vector = try reader.readPage(column: column, page: page, form: .narrow, work: &work)
          #expect(rows(of: vector.widened()).count == reader.rowRange(ofPage: page).count)
        }
      }
    }
  }

  private func expectStorageError(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      #expect(error is StorageError, "\(error)")
    }
  }

  /// Small segments of one column each, so that every byte can be changed in reasonable time.
  private func corpus() throws -> [(type: DataType, bytes: [UInt8])] {
    var generator = SeededGenerator(seed: 11)
    var corpus: [(DataType, [UInt8])] = []
    let shapes = Shape.allCases
    for (index, type) in allTypes.enumerated() {
      for shape in [shapes[index % shapes.count], .lowCardinality, .runs] {
        let values = sampleValues(type, shape, count: 70, nullable: index % 2 == 0, &generator)
        let schema = try Schema([("c", type, index % 2 == 0)], sortKeyCount: 1)
        let batch = ColumnBatch(schema: schema, rowCount: 70, columns: [vector(type, values)])
        let compression: Compression = [.none, .lz4, .zstd(level: 1)][index % 3]
        corpus.append(
          (
            type,
            try SegmentWriter.encode(
              batch, options: SegmentOptions(rowsPerPage: 40, compression: compression)
            ).bytes
          ))
      }
    }
    for (type, shape) in [
      (DataType.int64, Shape.ascending), (.int16, .ascending), (.int32, .outliers),
      (.double, .prices), (.float, .prices), (.decimal(precision: 38, scale: 10), .random),
    ] {
      let values = sampleValues(type, shape, count: 160, nullable: false, &generator)
      let schema = try Schema([("c", type, false)], sortKeyCount: 1)
      let batch = ColumnBatch(schema: schema, rowCount: 160, columns: [vector(type, values)])
      let options = SegmentOptions(rowsPerPage: 150, compression: .none)
      corpus.append((type, try SegmentWriter.encode(batch, options: options).bytes))
    }
    return corpus
  }

  @Test func everyChangedByteIsNoticed() throws {
    for (type, bytes) in try corpus() {
      // Of the longer files every thirteenth byte, to keep this short.
      for index in stride(from: 0, to: bytes.count, by: bytes.count > 700 ? 13 : 1) {
        var damaged = bytes
        damaged[index] ^= UInt8(1 << (index % 8))
        expectStorageError {
          let reader = try openSegment(damaged)
          readAll(reader)
          #expect(!reader.verify().isEmpty, "\(type): byte \(index) of \(bytes.count)")
        }
      }
    }
  }

  @Test func everyTruncationIsRefused() throws {
    for (_, bytes) in try corpus() {
      for count in bytes.indices {
        #expect(throws: StorageError.self) { try openSegment(Array(bytes[..<count])) }
      }
    }
  }

  @Test func splicesAreSurvived() throws {
    var generator = SeededGenerator(seed: 12)
    let corpus = try corpus()
    for _ in 0..<2000 {
      let target = corpus[Int(generator.next() % UInt64(corpus.count))].bytes
      let source = corpus[Int(generator.next() % UInt64(corpus.count))].bytes
      let from = Int(generator.next() % UInt64(source.count))
      let to = Int(generator.next() % UInt64(target.count))
      let length = Int(generator.next() % 64)
      let spliced = target[..<to] + source[from...].prefix(length) + target[to...].dropFirst(length)
      expectStorageError {
        let reader = try openSegment(Array(spliced))
        readAll(reader)
        _ = reader.verify()
      }
    }
  }

  /// Behind a right checksum, too: pages with changed bytes go to the decoders directly.
  @Test func decodersMeetHostilePages() throws {
    var generator = SeededGenerator(seed: 13)
    for (_, bytes) in try corpus() {
      let reader = try openSegment(bytes)
      for page in 0..<reader.pageCount {
        let location = try reader.location(column: 0, page: page)
        let start = Int(location.offset)
        let original = Array(bytes[start..<start + location.byteCount])
        for _ in 0..<400 {
          var damaged = original
          for _ in 0...(generator.next() % 3) {
            let index = 4 + Int(generator.next() % UInt64(damaged.count - 4))
            damaged[index] = UInt8(truncatingIfNeeded: generator.next())
          }
          if generator.next() % 8 == 0 { damaged.removeLast() }
          let rowCount = reader.rowRange(ofPage: page).count
          var found: [VectorForm: [Value]] = [:]
          for form in [VectorForm.wide, .narrow] {
            expectStorageError {
              try damaged.withUnsafeBytes {
                let (_, vector) = try reader.decodePage(
                  $0, offset: 0, column: 0, rowCount: rowCount, form: form)
                found[form] = rows(of: vector)
                #expect(vector.count == rowCount)
                #expect(isSame(rows(of: vector), rows(of: vector.widened())))
              }
            }
          }
          #expect(isSame(found[.wide] ?? [], found[.narrow] ?? []))
        }
      }
    }
  }

  /// Behind a right checksum as well: footers and directories.
  @Test func footersMeetHostileBytes() throws {
    var generator = SeededGenerator(seed: 14)
    for (_, bytes) in try corpus() {
      let footerByteCount = Int(littleEndianWord(bytes, at: bytes.count - 20))
      let start = bytes.count - 20 - footerByteCount
      for _ in 0..<300 {
        var damaged = bytes
        let index = start + Int(generator.next() % UInt64(footerByteCount))
        damaged[index] = UInt8(truncatingIfNeeded: generator.next())
        let checksum = damaged[start..<(bytes.count - 8)].withUnsafeBytes { crc32c($0) }
        for byte in 0..<4 {
          damaged[bytes.count - 8 + byte] = UInt8(
            truncatingIfNeeded: checksum >> (8 * UInt32(byte)))
        }
        expectStorageError {
          let reader = try openSegment(damaged)
          // A type changed to a wider one makes huge but bounded pages; reading them is enough.
          readAll(reader)
        }
      }
    }
  }

  private func littleEndianWord(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  @Test func oneCorruptPageLeavesTheOthersReadable() throws {
    var generator = SeededGenerator(seed: 15)
    let (batch, values) = try sampleBatch(.random, rowCount: 300, nullable: false, &generator)
    let bytes = try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 100)).bytes
    let location = try openSegment(bytes).location(column: 4, page: 1)
    var damaged = bytes
    damaged[Int(location.offset) + 20] ^= 0x40
    let reader = try openSegment(damaged)
    var work = PageWork()
    do {
      _ = try reader.readPage(column: 4, page: 1, work: &work)
      Issue.record("a corrupt page was read")
    } catch StorageError.corrupt(let file, let offset, let what, let expected, let found) {
      #expect(file == "test.seg" && offset == location.offset && what == "page checksum")
      #expect(expected.hasPrefix("0x") && found.hasPrefix("0x") && expected != found)
    }
    #expect(work == PageWork())
    for column in values.indices {
      for page in 0..<3 where (column, page) != (4, 1) {
        let vector = try reader.readPage(column: column, page: page, work: &work)
        #expect(isSame(rows(of: vector), Array(values[column][reader.rowRange(ofPage: page)])))
      }
    }
    #expect(reader.verify().count == 1)
  }
}

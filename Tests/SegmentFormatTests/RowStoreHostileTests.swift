import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Damaged row stores: rows are read well-formed or `StorageError` is thrown, `verify` notices
/// every changed byte, and the columns stay readable.
@Suite struct RowStoreHostileTests {
  private func expectStorageError(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      #expect(error is StorageError, "\(error)")
    }
  }

  private func corpus() throws -> [[UInt8]] {
    var generator = SeededGenerator(seed: 31)
    var corpus: [[UInt8]] = []
    for compression in [Compression.none, .lz4, .zstd(level: 1)] {
      let options = RowStoreOptions(compression: compression, pageByteCount: 700)
      let narrow = try RowStoreSample(allTypes, .lowCardinality, rowCount: 25, &generator)
      corpus.append(try narrow.encoded(options))
      let wide = try RowStoreSample.wide(
        columnCount: 140, rowCount: 9, presentIn256: 40, &generator)
      corpus.append(try wide.encoded(options))
    }
    return corpus
  }

  /// Reads every row in every way.
  private func readAll(_ reader: SegmentReader) {
    expectStorageError {
      guard let store = try reader.rowStore() else { return }
      let batch = RowBatch(layout: store.layout)
      for row in 0..<store.rowCount {
        expectStorageError {
          try store.withRow(row) { #expect($0.values.count == store.layout.columns.count) }
        }
        expectStorageError {
          try store.append(rows: [UInt32(row)], to: batch)
          #expect(batch.values(batch.count - 1).count == store.layout.columns.count)
        }
      }
      for column in batch.columns() { #expect(rows(of: column).count == batch.count) }
    }
  }

  @Test func everyChangedByteIsNoticed() throws {
    for bytes in try corpus() {
      let reader = try openSegment(bytes)
      let store = try #require(try reader.rowStore())
      let start = Int(store.pageRanges[0].lowerBound)
      for index in stride(from: start, to: bytes.count, by: 61) {
        var damaged = bytes
        damaged[index] ^= UInt8(1 << (index % 8))
        expectStorageError {
          let reader = try openSegment(damaged)
          readAll(reader)
          #expect(!reader.verify().isEmpty, "byte \(index) of \(bytes.count)")
        }
      }
    }
  }

  /// Behind right checksums: pages, the directory, and the entry of the footer.
  @Test func readersMeetHostileRows() throws {
    var generator = SeededGenerator(seed: 32)
    for bytes in try corpus() {
      let store = try #require(try openSegment(bytes).rowStore())
      let directoryEnd = try #require(try openSegment(bytes).describe().blocks.last?.upperBound)
      let pages = store.pageRanges
      let ranges = pages + [pages[pages.count - 1].upperBound..<directoryEnd]
      for _ in 0..<90 {
        var damaged = bytes
        let range = ranges[Int(generator.next() % UInt64(ranges.count))]
        let end = Int(range.upperBound) - 4
        for _ in 0...(generator.next() % 3) {
          let index = Int(range.lowerBound) + Int(generator.next() % UInt64(range.count - 4))
          damaged[index] = UInt8(truncatingIfNeeded: generator.next())
        }
        seal(&damaged, Int(range.lowerBound)..<end, at: end)
        expectStorageError {
          let reader = try openSegment(damaged)
          readAll(reader)
          _ = reader.verify()
        }
      }
      let footer = bytes.count - 20 - Int(word(bytes, at: bytes.count - 20))
      for _ in 0..<40 {
        var damaged = bytes
        let index = footer + Int(generator.next() % UInt64(bytes.count - 20 - footer))
        damaged[index] = UInt8(truncatingIfNeeded: generator.next())
        seal(&damaged, footer..<bytes.count - 8, at: bytes.count - 8)
        expectStorageError { readAll(try openSegment(damaged)) }
      }
    }
  }

  /// Rows alone: any bytes are a row that can be read, or none.
  @Test func viewsMeetHostileBytes() throws {
    var generator = SeededGenerator(seed: 33)
    for bytes in try corpus() {
      let store = try #require(try openSegment(bytes).rowStore())
      let batch = RowBatch(layout: store.layout)
      try store.read(rows: (0..<UInt32(store.rowCount)).map { $0 }, into: batch)
      var accepted = 0
      for _ in 0..<3000 {
        var row = Array(batch.rowBytes(Int(generator.next() % UInt64(batch.count))))
        for _ in 0...(generator.next() % 3) {
          row[Int(generator.next() % UInt64(row.count))] ^= UInt8(1 << (generator.next() % 8))
        }
        if generator.next() % 4 == 0 { row.removeLast(Int(generator.next() % UInt64(row.count))) }
        // On memory of its own, so that a sanitizer sees an access behind its end.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: row.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: row)
        if let view = RowView(checking: UnsafeRawBufferPointer(memory), store.layout) {
          accepted += 1
          #expect(view.values.count == store.layout.columns.count)
        }
      }
      #expect(accepted > 0 && accepted < 3000)
    }
  }

  @Test func columnsDoNotNeedTheRowStore() throws {
    for bytes in try corpus() {
      let range = try #require(try openSegment(bytes).rowStore()?.pageRanges.first)
      var damaged = bytes
      damaged[Int(range.lowerBound) + 3] ^= 4
      let (whole, reader) = (try openSegment(bytes), try openSegment(damaged))
      for column in whole.schema.columns.indices {
        #expect(isSame(try readColumn(reader, column), try readColumn(whole, column)))
      }
      #expect(!reader.verify().isEmpty)
      let store = try #require(try reader.rowStore())
      #expect(throws: StorageError.self) { try store.withRow(0) { _ in } }
    }
  }

  private func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  private func seal(_ bytes: inout [UInt8], _ range: Range<Int>, at offset: Int) {
    let checksum = bytes[range].withUnsafeBytes { crc32c($0) }
    for byte in 0..<4 {
      bytes[offset + byte] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * byte))
    }
  }
}

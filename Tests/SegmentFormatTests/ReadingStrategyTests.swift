import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import Testing

@testable import SegmentFormat

/// Which bytes of a file a reader touches, and when it checks them.
@Suite struct ReadingStrategyTests {
  /// A file without a mapping that remembers what was read.
  private final class RecordingFile: ReadableFile {
    private let file: MemoryFile
    private let recorded = Mutex<[Range<UInt64>]>([])

    init(_ bytes: [UInt8]) { file = MemoryFile(path: "recorded.seg", bytes: bytes) }

    var path: String { file.path }
    var byteCount: UInt64 { file.byteCount }
    var mapping: UnsafeRawBufferPointer? { nil }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
      recorded.withLock { $0.append(offset..<offset + UInt64(buffer.count)) }
      try file.read(at: offset, into: buffer)
    }

    /// The reads since the last call.
    func takeReads() -> [Range<UInt64>] {
      recorded.withLock { reads in
        defer { reads = [] }
        return reads
      }
    }
  }

  /// A mapped file whose bytes the test changes behind the reader's back.
  private final class ChangingFile: ReadableFile, @unchecked Sendable {
    let path = "changing.seg"
    let bytes: UnsafeMutableRawBufferPointer

    init(_ content: [UInt8]) {
      bytes = .allocate(byteCount: content.count, alignment: 64)
      bytes.copyBytes(from: content)
    }

    deinit { bytes.deallocate() }

    var byteCount: UInt64 { UInt64(bytes.count) }
    var mapping: UnsafeRawBufferPointer? { UnsafeRawBufferPointer(bytes) }
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...]))
    }
  }

  private func wideBatch(columnCount: Int, rowCount: Int) throws -> ColumnBatch {
    var generator = SeededGenerator(seed: 21)
    let schema = try Schema(
      (0..<columnCount).map { ("column\($0)", DataType.int64, false) }, sortKeyCount: 1)
    let values = sampleValues(
      .int64, .random, count: rowCount, nullable: false, &generator)
    let column = vector(.int64, values)
    return ColumnBatch(
      schema: schema, rowCount: rowCount,
      columns: Array(repeating: column, count: columnCount))
  }

  @Test func aWideSegmentIsOpenedByItsFooter() throws {
    let batch = try wideBatch(columnCount: 1000, rowCount: 30)
    let file = RecordingFile(
      try SegmentWriter.encode(batch, options: SegmentOptions(rowsPerPage: 10)).bytes)
    let reader = try SegmentReader(file: file)
    let opening = file.takeReads()
    #expect(opening.count == 2)
    #expect(opening.allSatisfy { $0.upperBound == file.byteCount })
    #expect(opening.last?.lowerBound == reader.dataEnd)

    _ = reader.zoneMap(column: 500)
    #expect(file.takeReads() == [])
    for page in 0..<3 { _ = try reader.zoneMap(column: 500, page: page) }
    let entry = reader.columns[500]
    let directory = entry.pagesOffset + UInt64(entry.pagesByteCount)
    #expect(file.takeReads() == [directory..<directory + UInt64(entry.directoryByteCount)])

    var work = PageWork()
    let location = try reader.location(column: 500, page: 1)
    let vector = try reader.readPage(column: 500, page: 1, work: &work)
    #expect(file.takeReads() == [location.offset..<location.offset + UInt64(location.byteCount)])
    #expect(work.pages == 1 && work.rows == 10 && work.bytesStored == location.byteCount)
    #expect(isSame(rows(of: vector), (10..<20).map { batch.columns[500][$0] }))
  }

  @Test func aSmallSegmentIsOpenedInOneReadAndHasNoDirectories() throws {
    let batch = try wideBatch(columnCount: 9, rowCount: 100)
    let file = RecordingFile(try SegmentWriter.encode(batch, options: SegmentOptions()).bytes)
    let reader = try SegmentReader(file: file)
    #expect(file.takeReads().count == 1)
    _ = try reader.zoneMap(column: 3, page: 0)
    #expect(file.takeReads() == [])
    #expect(reader.verify() == [])
  }

  @Test func aMappedPageIsVerifiedOnce() throws {
    let batch = try wideBatch(columnCount: 2, rowCount: 100)
    let file = ChangingFile(
      try SegmentWriter.encode(batch, options: SegmentOptions(compression: .none)).bytes)
    let reader = try SegmentReader(file: file)
    var work = PageWork()
    _ = try reader.readPage(column: 1, page: 0, work: &work)
    file.bytes[Int(reader.columns[1].pagesOffset) + 50] ^= 1
    _ = try reader.readPage(column: 1, page: 0, work: &work)
    #expect(reader.verify().count == 1)
    let other = try SegmentReader(file: file)
    #expect(throws: StorageError.self) {
      try other.readPage(column: 1, page: 0, work: &work)
    }
  }

  @Test func newerFilesAreRefused() throws {
    let batch = try wideBatch(columnCount: 1, rowCount: 5)
    let bytes = try SegmentWriter.encode(batch, options: SegmentOptions()).bytes
    for (index, value) in [(bytes.count - 13, UInt8(0x80)), (bytes.count - 12, 2)] {
      var newer = bytes
      newer[index] = value
      do {
        _ = try openSegment(newer)
        Issue.record("a newer file was read")
      } catch StorageError.unsupportedFormat(let file, _, _) {
        #expect(file == "test.seg")
      }
    }
  }
}

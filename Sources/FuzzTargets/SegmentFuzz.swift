import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Opens bytes as a segment and reads all of it. A fuzzer cannot guess checksums, so those that can
/// be found are made right, and what lies behind them is reached.
enum SegmentFuzz {
  /// Larger inputs than this teach nothing and take long.
  private static let byteCountMax = 1 << 20
  private static let rowCountMax = 1 << 20

  static func run(_ input: [UInt8]) throws {
    guard input.count <= byteCountMax else { return }
    var bytes = input
    sealFooter(&bytes)
    try sealPages(&bytes)
    try sealRows(&bytes)
    try readAll(SegmentReader(file: MemoryFile(path: "fuzz.seg", bytes: bytes)))
  }

  /// Reads every page and verifies the whole.
  /// - Throws: the first error, after everything has been read.
  static func readAll(_ reader: SegmentReader) throws {
    guard reader.rowCount <= rowCountMax, reader.pageCount <= 1024 else { return }
    var work = PageWork()
    var firstError: (any Error)?
    for column in reader.schema.columns.indices {
      for page in 0..<reader.pageCount {
        do {
          _ = try reader.zoneMap(column: column, page: page)
          let vector = try reader.readPage(column: column, page: page, work: &work)
          precondition(vector.count == reader.rowRange(ofPage: page).count)
          for row in 0..<vector.count { _ = vector[row] }
        } catch {
          firstError = firstError ?? error
        }
      }
    }
    do {
      try findKeys(reader)
    } catch {
      firstError = firstError ?? error
    }
    do {
      try readRows(reader)
    } catch {
      firstError = firstError ?? error
    }
    for problem in reader.verify() { precondition(!problem.description.isEmpty) }
    if let firstError { throw firstError }
  }

  /// Looks for the keys of the first page and for keys like them.
  private static func findKeys(_ reader: SegmentReader) throws {
    var work = PageWork()
    let columns = Array(reader.schema.columns[..<reader.schema.sortKeyCount])
    let vectors = try columns.indices.map { try reader.readPage(column: $0, page: 0, work: &work) }
    let keys = try SortKeyBytes.encode(vectors, columns)
    var wanted = (0..<keys.count).map { Array(keys[$0]) }
    if let bounds = try reader.primaryKeyBounds() { wanted += [bounds.min, bounds.max] }
    wanted += wanted.map { $0.map { $0 ^ 1 } } + wanted.map { Array($0.dropLast()) }
    wanted.sort { $0.lexicographicallyPrecedes($1) }
    var ends: [UInt32] = [0]
    for key in wanted { ends.append(ends[ends.count - 1] + UInt32(key.count)) }
    let table = StringTable(
      count: wanted.count, offsets: .of(ends), bytes: .of(wanted.flatMap { $0 }))
    var matches: [KeyMatch] = []
    var keyWork = KeyProbeWork()
    try reader.findKeys(KeyProbe(table), matches: &matches, work: &keyWork)
    for match in matches { precondition(match.row < reader.rowCount) }
  }

  /// Reads every row of the row store, alone and as columns.
  private static func readRows(_ reader: SegmentReader) throws {
    guard let store = try reader.rowStore() else { return }
    let (one, all) = (RowBatch(layout: store.layout), RowBatch(layout: store.layout))
    var firstError: (any Error)?
    for row in 0..<store.rowCount {
      do {
        try store.withRow(row) { precondition($0.values.count == store.layout.columns.count) }
        try store.read(rows: [UInt32(row)], into: one)
        all.append(rowBytes: one.rowBytes(0))
      } catch {
        firstError = firstError ?? error
      }
    }
    for column in all.columns() { precondition(column.count == all.count) }
    if let firstError { throw firstError }
  }

  /// The checksum of footer and trailer: bytes 12..<16 of the last 20.
  private static func sealFooter(_ bytes: inout [UInt8]) {
    guard bytes.count >= 24 else { return }
    let trailer = bytes.count - 20
    let length = bytes.withUnsafeBytes {
      Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: trailer, as: UInt32.self)))
    }
    guard length <= trailer - 4 else { return }
    seal(&bytes, trailer - length..<trailer + 12, at: trailer + 12)
  }

  /// The checksum of each page is its first four bytes, that of a block its last four.
  private static func sealPages(_ bytes: inout [UInt8]) throws {
    let reader = try SegmentReader(file: MemoryFile(path: "fuzz.seg", bytes: bytes))
    guard reader.pageCount <= 1024 else { return }
    let description: SegmentDescription
    do { description = try reader.describe() } catch _ as StorageError { return }
    for page in description.columns.flatMap(\.pages) {
      let start = Int(page.offset)
      guard page.storedByteCount >= 4, start + page.storedByteCount <= bytes.count else { continue }
      seal(&bytes, start + 4..<start + page.storedByteCount, at: start)
    }
    for block in description.blocks { sealBlock(&bytes, block) }
    // The root of the primary keys, right by now, knows where their pages are.
    let sealed = try SegmentReader(file: MemoryFile(path: "fuzz.seg", bytes: bytes))
    do {
      for page in try sealed.keyPageRanges() { sealBlock(&bytes, page) }
    } catch _ as StorageError {}
  }

  /// What is ended by its checksum.
  private static func sealBlock(_ bytes: inout [UInt8], _ block: Range<UInt64>) {
    guard block.upperBound <= bytes.count, block.count >= 4 else { return }
    let end = Int(block.upperBound) - 4
    seal(&bytes, Int(block.lowerBound)..<end, at: end)
  }

  /// The checksum of each page of the row store, which its directory tells of, is its last four
  /// bytes.
  private static func sealRows(_ bytes: inout [UInt8]) throws {
    let reader = try SegmentReader(file: MemoryFile(path: "fuzz.seg", bytes: bytes))
    let ranges: [Range<UInt64>]
    do { ranges = try reader.rowStore()?.pageRanges ?? [] } catch _ as StorageError { return }
    for range in ranges where range.count >= 4 {
      seal(&bytes, Int(range.lowerBound)..<Int(range.upperBound) - 4, at: Int(range.upperBound) - 4)
    }
  }

  static func seal(_ bytes: inout [UInt8], _ range: Range<Int>, at offset: Int) {
    let checksum = bytes.withUnsafeBytes { crc32c(UnsafeRawBufferPointer(rebasing: $0[range])) }
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: checksum.littleEndian, toByteOffset: offset, as: UInt32.self)
    }
  }
}

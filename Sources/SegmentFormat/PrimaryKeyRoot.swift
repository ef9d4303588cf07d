import ScanKernels
import StorageBase

/// What leads to the page of a key: where pages begin, and with which keys. Immutable and
/// thread-safe.
struct PrimaryKeyRoot: Sendable {
  struct Page: Sendable {
    var offset: UInt64
    var byteCount: Int
    /// The rows whose keys it holds.
    var rows: Range<Int>
  }

  let hasSequences: Bool
  let pages: [Page]
  /// Of each page; that of the first is the least key.
  let separators: StringTable
  let greatestKey: [UInt8]
  /// Bytes that all keys of the segment begin with, since the least and the greatest do.
  private let prefixByteCount: Int
  /// Of each separator the eight bytes behind the prefix, as a number that orders like them.
  private let heads: [UInt64]

  var leastKey: UnsafeRawBufferPointer { separators[0] }

  /// - Parameter reader: at the flags, with the checksum cut off; it has been verified.
  /// - Parameter pagesRange: where the key pages lie.
  init(
    decoding reader: inout ByteReader, pages pagesRange: Range<UInt64>, rowCount: Int
  ) throws {
    let flags = try reader.read(UInt8.self, "key flags")
    guard flags & ~PrimaryKeyLayout.hasSequencesBit == 0 else {
      throw reader.corrupt("key flags", expected: "known bits", found: "\(flags)")
    }
    let pageCountMax = pagesRange.count / PrimaryKeyLayout.pageByteCountMin
    let pageCount = try reader.readCount("number of key pages", atMost: pageCountMax)
    var pages: [Page] = []
    var offset = pagesRange.lowerBound
    var row = 0
    let texts = ByteBuffer()
    var ends: [UInt32] = [0]
    for _ in 0..<pageCount {
      let rows = try reader.readCount("rows of a key page", atMost: rowCount - row)
      let room = Int(pagesRange.upperBound - offset)
      let byteCount = try reader.readCount("bytes of a key page", atMost: room)
      guard rows >= 1, byteCount >= PrimaryKeyLayout.pageByteCountMin else {
        throw reader.corrupt(
          "key page", expected: "at least 1 row in \(PrimaryKeyLayout.pageByteCountMin) bytes",
          found: "\(rows) in \(byteCount)")
      }
      let separator = try reader.readBytes(
        reader.readCount("separator length", atMost: reader.remaining), "separator")
      texts.append(separator)
      ends.append(UInt32(truncatingIfNeeded: texts.count))
      pages.append(Page(offset: offset, byteCount: byteCount, rows: row..<row + rows))
      row += rows
      offset += UInt64(byteCount)
    }
    let greatest = try reader.readBytes(
      reader.readCount("greatest key length", atMost: reader.remaining), "greatest key")
    try reader.requireEnd("root of the primary keys")
    guard row == rowCount, offset == pagesRange.upperBound, texts.count <= UInt32.max else {
      throw reader.corrupt(
        "key pages", expected: "\(rowCount) rows in \(pagesRange.count) bytes",
        found: "\(row) in \(offset - pagesRange.lowerBound)")
    }
    hasSequences = flags & PrimaryKeyLayout.hasSequencesBit != 0
    self.pages = pages
    separators = StringTable(
      count: pageCount, offsets: .of(ends),
      bytes: withExtendedLifetime(texts) { .copy(of: texts.bytes) })
    greatestKey = Array(greatest)
    prefixByteCount = Self.sharedByteCount(separators[0], greatest)
    heads = try Self.heads(of: separators, prefixByteCount: prefixByteCount, reader)
  }

  private static func sharedByteCount(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer
  ) -> Int {
    guard let first = a.baseAddress, let second = b.baseAddress else { return 0 }
    return PrimaryKeyLayout.sharedByteCount(first, second, atMost: min(a.count, b.count))
  }

  /// - Throws: for separators that do not ascend, as what finds a page relies on.
  private static func heads(
    of separators: StringTable, prefixByteCount: Int, _ reader: ByteReader
  ) throws -> [UInt64] {
    try (0..<separators.count).map { page in
      let separator = separators[page]
      guard page == 0 || compareBytes(separators[page - 1], separator) < 0,
        separator.count >= prefixByteCount
      else {
        throw reader.corrupt(
          "separator of key page \(page)", expected: "one above that before", found: "another")
      }
      return head(UnsafeRawBufferPointer(rebasing: separator[prefixByteCount...]))
    }
  }

  private static func head(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    if bytes.count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
    var head: UInt64 = 0
    for index in 0..<bytes.count { head |= UInt64(bytes[index]) &<< UInt64(56 &- 8 &* index) }
    return head
  }

  /// False when the key is below the least or above the greatest.
  func isInBounds(_ key: UnsafeRawBufferPointer) -> Bool {
    compareBytes(key, leastKey) >= 0
      && greatestKey.withUnsafeBytes { compareBytes(key, $0) <= 0 }
  }

  /// The page that holds the key if any does, from `first` on: that of the last separator which is
  /// not above it. O(log of the pages skipped).
  /// - Precondition: the key is in bounds, and not below the separator of page `first`.
  func page(of key: UnsafeRawBufferPointer, from first: Int) -> Int {
    let head = Self.head(UnsafeRawBufferPointer(rebasing: key[prefixByteCount...]))
    // By doubling steps to a page that is too far, for keys that lie close together.
    var low = first
    var step = 1
    while low &+ step < heads.count, isNotAbove(low &+ step, key, head) {
      low &+= step
      step &*= 2
    }
    var high = min(low &+ step, heads.count)
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if isNotAbove(middle, key, head) { low = middle } else { high = middle }
    }
    return low
  }

  @inline(__always)
  private func isNotAbove(_ page: Int, _ key: UnsafeRawBufferPointer, _ head: UInt64) -> Bool {
    if heads[page] != head { return heads[page] < head }
    return compareBytes(separators[page], key) <= 0
  }
}

extension PrimaryKeyRoot {
  /// Collects the root while pages are written.
  struct Builder {
    private var pages = ByteWriter()
    private var separator: [UInt8] = []
    private(set) var pageCount = 0
    var greatestKey: [UInt8] = []

    mutating func beginPage(separator: UnsafeRawBufferPointer) {
      self.separator = Array(separator)
    }

    mutating func finishPage(rowCount: Int, byteCount: Int) {
      pages.appendVarint(UInt64(rowCount))
      pages.appendVarint(UInt64(byteCount))
      pages.appendVarint(UInt64(separator.count))
      pages.append(contentsOf: separator)
      pageCount += 1
    }

    func encoded(hasSequences: Bool) -> [UInt8] {
      var writer = ByteWriter()
      writer.append(hasSequences ? PrimaryKeyLayout.hasSequencesBit : 0)
      writer.appendVarint(UInt64(pageCount))
      writer.append(contentsOf: pages.bytes)
      writer.appendVarint(UInt64(greatestKey.count))
      writer.append(contentsOf: greatestKey)
      writer.appendChecksum()
      return writer.bytes
    }
  }
}

import StorageBase

/// What the footer says of a row store.
struct RowStoreEntry: Sendable {
  var pagesOffset: UInt64
  var pagesByteCount: Int
  /// With its checksum; it lies behind the pages.
  var directoryByteCount: Int
  var form: RowLayout.Form
  var compression: PageCompression
  /// The columns, ascending; nil for all of the segment.
  var positions: [Int]?

  var directory: SegmentExtensions.Block {
    SegmentExtensions.Block(
      offset: pagesOffset + UInt64(pagesByteCount), byteCount: directoryByteCount)
  }

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.appendVarint(pagesOffset)
    writer.appendVarint(UInt64(pagesByteCount))
    writer.appendVarint(UInt64(directoryByteCount))
    writer.append(form.rawValue)
    writer.append(compression.rawValue)
    writer.appendVarint(UInt64(positions?.count ?? 0))
    for position in positions ?? [] { writer.appendVarint(UInt64(position)) }
    return writer.bytes
  }
}

extension RowStoreEntry {
  init(decoding reader: inout ByteReader, columnCount: Int, dataEnd: UInt64) throws {
    let end = Int(dataEnd)
    let offset = try reader.readCount("row store offset", atMost: end)
    pagesByteCount = try reader.readCount("row store pages length", atMost: end - offset)
    directoryByteCount = try reader.readCount(
      "row store directory length", atMost: end - offset - pagesByteCount)
    guard directoryByteCount > SegmentLayout.checksumByteCount else {
      throw reader.corrupt(
        "row store directory length", expected: "more than \(SegmentLayout.checksumByteCount)",
        found: "\(directoryByteCount)")
    }
    pagesOffset = UInt64(offset)
    let layout = try reader.read(UInt8.self, "row layout")
    guard let form = RowLayout.Form(rawValue: layout) else {
      throw reader.corrupt("row layout", expected: "1 or 2", found: "\(layout)")
    }
    let code = try reader.read(UInt8.self, "row store compression")
    guard let compression = PageCompression(rawValue: code) else {
      throw reader.corrupt("row store compression", expected: "0...2", found: "\(code)")
    }
    self.form = form
    self.compression = compression
    let count = try reader.readCount("row store column count", atMost: columnCount)
    guard count > 0 else { return }
    var positions: [Int] = []
    for _ in 0..<count {
      let position = try reader.readCount("row store column", atMost: columnCount - 1)
      guard position > positions.last ?? -1 else {
        throw reader.corrupt(
          "row store column", expected: "ascending columns", found: "\(position)")
      }
      positions.append(position)
    }
    self.positions = positions
  }
}

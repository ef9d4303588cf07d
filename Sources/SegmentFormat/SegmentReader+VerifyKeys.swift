import ScanKernels
import StorageBase

extension SegmentReader {
  /// The primary keys are those of the rows, in order and each once; they are found through root
  /// and filter. Sequences are left out: nothing says which column they are of.
  func verifyPrimaryKeys(_ attempt: (() throws -> Void) -> Void) {
    var loaded: PrimaryKeyIndex?
    attempt { loaded = try primaryKeyIndex() }
    guard let index = loaded else { return }
    var rows = RowKeys(reader: self)
    for number in index.root.pages.indices {
      attempt { try verifyKeyPage(number, of: index, &rows) }
    }
  }

  private func verifyKeyPage(
    _ number: Int, of index: PrimaryKeyIndex, _ rows: inout RowKeys
  ) throws {
    let root = index.root
    let place = root.pages[number]
    try withKeyPage(number, of: index) { page in
      var key = Array(page.prefix)
      var above = number == 0 ? [] : Array(try rows.key(place.rows.lowerBound - 1))
      var cursor = PrimaryKeyPage.Cursor(page.entries, at: 0)
      for row in place.rows {
        do throws(PrimaryKeyDamage) {
          try page.advance(&cursor, row: row - place.rows.lowerBound, key: &key)
        } catch {
          throw corruptKeyPage(place, error.reason)
        }
        let expected = try rows.key(row)
        guard expected.elementsEqual(key) else {
          throw corruptKeyPage(place, "another key for row \(row)")
        }
        try key.withUnsafeBytes { bytes in
          guard row == 0 || above.withUnsafeBytes({ compareBytes($0, bytes) < 0 }) else {
            throw corruptKeyPage(place, "a key of row \(row) that is not above the one before")
          }
          try verifyIsFound(bytes, row: row, page: number, index)
        }
        above = key
      }
      guard cursor.isAtEnd else { throw corruptKeyPage(place, "more entries than rows") }
    }
  }

  private func verifyIsFound(
    _ key: UnsafeRawBufferPointer, row: Int, page: Int, _ index: PrimaryKeyIndex
  ) throws {
    let place = index.root.pages[page]
    guard index.root.isInBounds(key), index.root.page(of: key, from: 0) == page else {
      throw corruptKeyPage(place, "a root that does not lead to row \(row)")
    }
    if row + 1 == rowCount {
      guard index.root.greatestKey.elementsEqual(key) else {
        throw corruptKeyPage(place, "another greatest key in the root")
      }
    }
    guard index.filter?.mayContain(FilterHash.hash(key)) ?? true else {
      throw corruptKeyPage(place, "a filter without row \(row)")
    }
  }
}

extension PrimaryKeyPage {
  /// Turns the key of the row before, or the prefix, into that of the row.
  fileprivate func advance(
    _ cursor: inout Cursor, row: Int, key: inout [UInt8]
  ) throws(PrimaryKeyDamage) {
    let position = cursor.position
    try cursor.advance()
    if row % PrimaryKeyLayout.restartInterval == 0 {
      let restart = row / PrimaryKeyLayout.restartInterval
      let head = cursor.rest.baseAddress.map { PrimaryKeyLayout.head($0, cursor.rest.count) } ?? 0
      guard place(restart) == position, self.head(restart) == head, cursor.sharedByteCount == 0
      else { throw PrimaryKeyDamage(reason: "a wrong place or head of row \(row) of the page") }
    }
    let kept = prefix.count + cursor.sharedByteCount
    guard kept <= key.count else {
      throw PrimaryKeyDamage(reason: "row \(row) of the page shares more bytes than there are")
    }
    key.removeSubrange(kept...)
    key.append(contentsOf: cursor.rest)
  }
}

/// The keys of rows asked for in order, or nearly.
private struct RowKeys {
  let reader: SegmentReader
  private var work = PageWork()
  private var current: (page: Int, keys: StringTable)?

  init(reader: SegmentReader) { self.reader = reader }

  /// Valid until the next call.
  mutating func key(_ row: Int) throws -> UnsafeRawBufferPointer {
    let page = row / reader.rowsPerPage
    if current?.page != page {
      current = (page, try reader.keys(ofPage: page, work: &work))
    }
    guard let keys = current?.keys else { preconditionFailure("a page was just read") }
    return keys[row - reader.rowRange(ofPage: page).lowerBound]
  }
}

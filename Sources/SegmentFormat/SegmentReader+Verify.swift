import ScanKernels
import StorageBase

extension SegmentReader {
  /// Checks every byte: checksums, structure, that every page decodes, that zone maps are those of
  /// the values, and that nothing lies where nothing should. Never stops at the first error.
  public func verify() -> [StorageError] {
    var errors: [StorageError] = []
    func attempt(_ body: () throws -> Void) {
      do {
        try body()
      } catch let error as StorageError {
        errors.append(error)
      } catch {
        errors.append(damage(at: 0, "segment", expected: "readable", found: "\(error)"))
      }
    }
    attempt { try verifyMagic() }
    var end = UInt64(SegmentLayout.magicByteCount)
    for (column, entry) in footer.columns.enumerated() {
      if entry.pagesOffset != end {
        errors.append(
          damage(
            at: end, "gap before column \(schema.columns[column].name)", expected: "no bytes",
            found: "\(entry.pagesOffset - end)"))
      }
      end = entry.endOffset
      for page in 0..<pageCount { attempt { try verifyPage(column: column, page: page) } }
    }
    return errors
  }

  private func damage(
    at offset: UInt64, _ what: String, expected: String, found: String
  ) -> StorageError {
    .corrupt(file: path, offset: offset, what: what, expected: expected, found: found)
  }

  private func verifyMagic() throws {
    let stored = try bytes(at: 0, count: SegmentLayout.magicByteCount)
    let magic = UInt32(littleEndian: stored.bytes.loadUnaligned(as: UInt32.self))
    guard magic == SegmentLayout.magic else {
      throw damage(
        at: 0, "magic at the beginning", expected: hex(SegmentLayout.magic), found: hex(magic))
    }
  }

  private func verifyPage(column: Int, page: Int) throws {
    let location = try pageLocation(column: column, page: page)
    let stored = try bytes(at: location.offset, count: location.byteCount)
    try withExtendedLifetime(stored.owner) {
      // Again, although this reader may have verified it: the disk is what is being asked.
      try PageChecksum.verify(stored.bytes, file: path, offset: location.offset)
    }
    var work = PageWork()
    let values = try readPage(column: column, page: page, work: &work)
    let buffer = PageBuffer()
    try buffer.append(values, rows: 0..<values.count)
    let expected = ZoneMapBuilder(buffer.page(type: values.type)).zoneMap
    let found = try zoneMap(column: column, page: page)
    guard expected.isSame(as: found) else {
      throw damage(
        at: location.offset, "zone map of column \(schema.columns[column].name), page \(page)",
        expected: "\(expected.min)...\(expected.max), \(expected.nullCount) nulls",
        found: "\(found.min)...\(found.max), \(found.nullCount) nulls")
    }
  }
}

extension ZoneMap {
  /// Equality in which NaN equals itself.
  fileprivate func isSame(as other: ZoneMap) -> Bool {
    func same(_ a: Value, _ b: Value) -> Bool { a == b || (!a.precedes(b) && !b.precedes(a)) }
    return same(min, other.min) && same(max, other.max) && nullCount == other.nullCount
      && rowCount == other.rowCount && isMaxOpen == other.isMaxOpen
      && isMinExact == other.isMinExact && isMaxExact == other.isMaxExact
  }
}

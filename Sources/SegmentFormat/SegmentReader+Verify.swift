import ScanKernels
import StorageBase

extension SegmentReader {
  /// Checks every byte and structure of the file: checksums, directories, that pages decode, that
  /// zone maps are those of the rows, that the row store
  /// has the same. Returns all errors, in file order and each once; empty when
  /// all is well.
  public func verify() -> [StorageError] {
    var errors: [StorageError] = []
    // Several checks meet the same page.
    var known = Set<StorageError>()
    func add(_ error: StorageError) {
      if known.insert(error).inserted { errors.append(error) }
    }
    func attempt(_ body: () throws -> Void) {
      do {
        try body()
      } catch let error as StorageError {
        add(error)
      } catch {
        add(
          .corrupt(
            file: path, offset: 0, what: "segment", expected: "a readable file",
            found: "\(error)"))
      }
    }
    attempt(verifyMagic)
    var end = UInt64(SegmentLayout.magicByteCount)
    for (column, entry) in columns.enumerated() {
      attempt { try verifyGap(from: end, to: entry.pagesOffset) }
      verifyColumn(column, attempt)
      end = entry.pagesOffset + UInt64(entry.pagesByteCount + entry.directoryByteCount)
    }
    attempt { try verifyGap(from: end, to: dataEnd) }
    for block in extensions.blocks { attempt { try withBlock(block) { _ in } } }
    for column in extensions.dictionaries.keys.sorted() {
      attempt { try verifyDictionary(ofColumn: column) }
    }
    attempt { try verifyShortKeys() }
    verifyPrimaryKeys(attempt)
    verifyRowStore(attempt)
    return errors
  }

  private func verifyMagic() throws {
    let magic = try withBytes(at: 0, count: SegmentLayout.magicByteCount) { bytes, _ in
      UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
    }
    guard magic == SegmentLayout.magic else {
      throw corrupt("magic", at: 0, expected: hex(SegmentLayout.magic), found: hex(magic))
    }
  }

  /// Bytes outside columns belong to extensions; without those there are none.
  private func verifyGap(from start: UInt64, to end: UInt64) throws {
    guard start == end || hasExtensions else {
      throw corrupt(
        "gap", at: start, expected: "no bytes that nothing describes", found: "\(end - start)")
    }
  }

  /// A dictionary belongs to a column of strings, and no string is in it twice.
  private func verifyDictionary(ofColumn column: Int) throws {
    guard let table = try dictionary(column: column) else { return }
    let strings = DictionaryBuilder()
    for code in 0..<table.count { _ = strings.add(table[code]) }
    guard schema.columns[column].type.physical == .bytes, strings.count == table.count else {
      throw corrupt(
        "dictionary of column \(schema.columns[column].name)",
        at: extensions.dictionaries[column]?.offset ?? 0,
        expected: "\(table.count) different strings", found: "\(strings.count)")
    }
  }

  /// The index holds the keys of the first rows.
  private func verifyShortKeys() throws {
    guard let block = extensions.shortKeys else { return }
    let stored = try shortKeys(at: block).keys
    var work = PageWork()
    for page in 0..<pageCount {
      var key: [UInt8] = []
      for column in 0..<schema.sortKeyCount where key.count < ShortKeyIndex.keyByteCountMax {
        let value = try readPage(column: column, page: page, work: &work)[0]
        SortKeyBytes.append(value, of: schema.columns[column], to: &key)
      }
      guard stored[page].elementsEqual(key.prefix(ShortKeyIndex.keyByteCountMax)) else {
        throw corrupt(
          "short key of page \(page)", at: block.offset, expected: "\(key)",
          found: "\(stored[page])")
      }
    }
  }

  private func verifyColumn(_ column: Int, _ attempt: (() throws -> Void) -> Void) {
    var union: ZoneMap?
    var isComplete = true
    for page in 0..<pageCount {
      var location: ColumnDirectory.Page?
      attempt { location = try self.location(column: column, page: page) }
      // Without a directory no page can be found: one error says so for all of them.
      guard let location else { return }
      union = union?.union(location.zoneMap) ?? location.zoneMap
      var isSound = false
      attempt {
        try verifyPage(column, page, location)
        isSound = true
      }
      isComplete = isComplete && isSound
    }
    attempt {
      guard let union, isComplete else { return }
      try compare(
        union, columns[column].zoneMap, column: column, offset: columns[column].pagesOffset)
    }
  }

  private func verifyPage(_ column: Int, _ page: Int, _ location: ColumnDirectory.Page) throws {
    try withBytes(at: location.offset, count: location.byteCount) { bytes, _ in
      try verifyChecksum(bytes, offset: location.offset)
      let (_, vector) = try decodePage(
        bytes, offset: location.offset, column: column, rowCount: rowRange(ofPage: page).count)
      let found = try zoneMap(of: vector)
      try compare(found, location.zoneMap, column: column, offset: location.offset)
    }
  }

  /// The zone map a writer gives these rows.
  private func zoneMap(of vector: ColumnVector) throws -> ZoneMap {
    guard let page = PageInput(vector, rows: 0..<vector.count) else {
      preconditionFailure("a page begins with its first row")
    }
    let encoder = PageEncoder(compression: .none, rowsPerPage: vector.count + 1)
    return try withExtendedLifetime(vector) {
      try encoder.encode(page, to: ByteBuffer()).zoneMap
    }
  }

  /// Compares by encoded bytes, so that NaN equals itself.
  private func compare(
    _ found: ZoneMap, _ stored: ZoneMap, column: Int, offset: UInt64
  ) throws {
    var bytes = (ByteWriter(), ByteWriter())
    found.encode(for: schema.columns[column], to: &bytes.0)
    stored.encode(for: schema.columns[column], to: &bytes.1)
    guard bytes.0.bytes == bytes.1.bytes else {
      throw corrupt(
        "zone map of column \(schema.columns[column].name)", at: offset,
        expected: "\(stored.min)...\(stored.max), \(stored.nullCount) nulls",
        found: "\(found.min)...\(found.max), \(found.nullCount) nulls in its rows")
    }
  }

  private func corrupt(
    _ what: String, at offset: UInt64, expected: String, found: String
  ) -> StorageError {
    .corrupt(file: path, offset: offset, what: what, expected: expected, found: found)
  }
}

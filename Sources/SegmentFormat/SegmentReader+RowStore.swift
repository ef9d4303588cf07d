import ScanKernels
import StorageBase

extension SegmentReader {
  /// Whether rows can be read by their ordinals, at least some columns of them.
  public var hasRowStore: Bool { extensions.rowStore != nil }

  /// The row store, opened the first time; nil when there is none. Thread-safe.
  /// - Throws: `StorageError.corrupt` for a bad directory, or what the file throws.
  public func rowStore() throws -> RowStoreReader? {
    guard let entry = extensions.rowStore else { return nil }
    return try openedRowStore.withLock { opened in
      if let opened { return opened }
      let store = try RowStoreReader(
        entry, schema: schema, rowCount: rowCount, file: file, identity: identity)
      memory.add(store.memoryByteCount)
      opened = store
      return store
    }
  }

  /// Compares all rows of the row store with the columns.
  func verifyRowStore(_ attempt: (() throws -> Void) -> Void) {
    guard hasRowStore else { return }
    var opened: RowStoreReader?
    attempt { opened = try rowStore() }
    guard let store = opened else { return }
    for page in 0..<pageCount {
      // A column page that cannot be read was reported with the columns.
      var columns: [ColumnVector]?
      attempt {
        var work = PageWork()
        columns = try store.positions.map { try readPage(column: $0, page: page, work: &work) }
      }
      let rows = rowRange(ofPage: page)
      attempt {
        guard let columns else {
          for row in rows { try store.withRow(row) { _ in } }
          return
        }
        try verifyRows(of: store, columns, first: rows.lowerBound)
      }
    }
  }

  /// Rows have one encoding, so their bytes are those of the columns encoded again.
  private func verifyRows(
    of store: RowStoreReader, _ columns: [ColumnVector], first: Int
  ) throws {
    let encoder = RowEncoder(layout: store.layout)
    let (expected, found) = (RowBatch(layout: store.layout), RowBatch(layout: store.layout))
    let step = encoder.chunkRowCount
    for start in stride(from: 0, to: columns[0].count, by: step) {
      let rows = start..<min(columns[0].count, start + step)
      expected.removeAll()
      try encoder.encode(columns, rows: rows, into: expected)
      try store.read(rows: rows.map { UInt32(first + $0) }, into: found)
      for row in 0..<rows.count
      where !expected.rowBytes(row).elementsEqual(found.rowBytes(row)) {
        throw difference(
          expected, found, row, ordinal: first + start + row, at: store.directory.offsets[0])
      }
    }
  }

  private func difference(
    _ expected: RowBatch, _ found: RowBatch, _ row: Int, ordinal: Int, at offset: UInt64
  ) -> StorageError {
    let (right, stored) = (expected.values(row), found.values(row))
    let field = right.indices.first { right[$0] != stored[$0] }
    let name = field.map { "column \(expected.layout.columns[$0].name)" } ?? "encoding"
    return .corrupt(
      file: path, offset: offset, what: "\(name) of row \(ordinal) of the row store",
      expected: "\(field.map { right[$0] } ?? .null)",
      found: "\(field.map { stored[$0] } ?? .null)")
  }
}

import StorageBase

extension SegmentWriter {
  /// Adds a copy of columns row by row, so that a whole row is one read.
  ///
  /// - Parameter write: appends all rows of the segment, in order, to the writer it is given, which
  ///   must not be used later.
  /// - Precondition: no column has been begun and not finished; a segment has one row store.
  ///   `finish` compares its rows with those of the columns.
  /// - Throws: `StorageError.invalidArgument` for options out of range or a column the schema does
  ///   not have; what `write` and the sink throw.
  public func appendRowStore(
    _ options: RowStoreOptions, _ write: (RowStoreWriter) throws -> Void
  ) throws {
    precondition(rowStoreRowCount == nil, "a segment has one row store")
    let positions = try options.positions(in: schema)
    let layout = RowLayout(columns: positions.map { schema.columns[$0] })
    try appendBetweenColumns { start, sink in
      let writer = RowStoreWriter(layout: layout, options: options, sink: sink)
      try write(writer)
      rowStoreRowCount = writer.rowCount
      let (pages, directory) = try writer.finish()
      let entry = RowStoreEntry(
        pagesOffset: UInt64(start), pagesByteCount: pages, directoryByteCount: directory,
        form: layout.form, compression: options.compression.stored,
        positions: positions.count == schema.columns.count ? nil : positions)
      return SegmentFooter.Extension(
        kind: SegmentExtensions.Kind.rowStore.rawValue, bytes: entry.encoded())
    }
  }
}

extension Compression {
  /// What pages of it are marked with.
  fileprivate var stored: PageCompression {
    switch self {
    case .none: .none
    case .lz4: .lz4
    case .zstd: .zstd
    }
  }
}

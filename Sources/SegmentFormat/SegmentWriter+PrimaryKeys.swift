import StorageBase

extension SegmentWriter {
  /// Adds the primary keys of the segment, by which `SegmentReader.findKeys` finds rows.
  ///
  /// - Parameter hasSequences: whether each key comes with a sequence.
  /// - Parameter write: appends the keys of all rows, in their order; the writer it is given must
  ///   not be used later.
  /// - Precondition: no column has been begun and not finished; called once; as many keys as the
  ///   segment gets rows.
  /// - Throws: what `write` and the sink throw.
  public func appendPrimaryKeys(
    hasSequences: Bool = false, _ write: (PrimaryKeyWriter) throws -> Void
  ) throws {
    try appendPrimaryKeys(
      hasSequences: hasSequences, pageByteCountTarget: PrimaryKeyLayout.pageByteCountTarget, write)
  }

  /// The same with key pages of another size.
  func appendPrimaryKeys(
    hasSequences: Bool, pageByteCountTarget: Int, _ write: (PrimaryKeyWriter) throws -> Void
  ) throws {
    try appendBetweenColumns { start, sink in
      let keys = PrimaryKeyWriter(
        hasSequences: hasSequences, pageByteCountTarget: pageByteCountTarget, sink: sink)
      try write(keys)
      let byteCounts = try keys.finish()
      primaryKeyCount = keys.rowCount
      var entry = ByteWriter()
      for number in [start, byteCounts.pages, byteCounts.filter, byteCounts.root] {
        entry.appendVarint(UInt64(number))
      }
      return SegmentFooter.Extension(
        kind: SegmentExtensions.Kind.primaryKeys.rawValue, bytes: entry.bytes)
    }
  }
}

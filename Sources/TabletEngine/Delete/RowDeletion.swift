import ScanKernels
import SegmentFormat
import StorageBase
import TabletModel

/// Rows of one snapshot of a unique-key table that are to be deleted, and nothing but them: when
/// others have replaced or deleted one of them meanwhile, publishing it refuses.
struct RowDeletion {
  let table: TableSnapshot
  /// The columns that `TableDefinition.deletionColumns` names, of one live row for each key.
  let rows: ColumnBatch
  let token: TransactionToken

  /// Sorts and encodes deletions, and writes what is too large for the log.
  ///
  /// Besides the rows it holds their order, 4 bytes for each, what it sorts them by, one segment
  /// of whole rows, and the encoded segments of one tablet.
  /// - Throws: `StorageError.limitExceeded` for more rows than `StoreOptions.deletionByteCountMax`
  ///   allows, and what writing throws.
  func prepare(in store: Store) throws -> PreparedLoad {
    guard rows.rowCount > 0 else { return PreparedLoad(token: token, parts: []) }
    let definition = table.definition
    guard rows.byteCount <= store.options.deletionByteCountMax else {
      throw StorageError.limitExceeded(
        what: "bytes of the keys of the \(rows.rowCount) rows to delete from table "
          + "\(definition.name) at once",
        value: rows.byteCount, limit: store.options.deletionByteCountMax,
        remedy: "delete them in several parts, by conditions that leave fewer rows")
    }
    let known = try definition.deletionColumns()
    try definition.check(rows, as: known) { _, nulls in nulls.setCount }
    let keys = ColumnBatch(
      schema: try Schema(
        columns: known, sortKeyCount: definition.schema.sortKeyCount,
        keysModel: definition.schema.keysModel), rowCount: rows.rowCount, columns: rows.columns)
    let sorter = RowSorter(keys)
    var parts: [PreparedLoad.Part] = []
    var versions: [TabletID: Version] = [:]
    let buckets = BucketHash(definition: definition)
      .rowsByBucket(keys.columns, rowCount: keys.rowCount)
    for (bucket, own) in buckets.enumerated() where !own.isEmpty {
      let tablet = table.tablets[bucket]
      let writer = BucketWriter(
        store: store, tablet: tablet, definition: definition, token: token)
      let sorted = sorter.sorted(own)
      let step = store.options.segmentRowCountMax
      let segments = try stride(from: 0, to: sorted.count, by: step).map { start in
        try encode(sorted[start..<min(sorted.count, start + step)], of: keys, bucket: bucket)
      }
      try writer.add(segments, isLast: true)
      if let part = try writer.finish() { parts.append(part) }
      // Without an index nobody can tell which rows have changed.
      if tablet.keys?.index == nil { versions[tablet.id] = tablet.version }
    }
    return PreparedLoad(token: token, parts: parts, basis: versions)
  }

  /// One segment of rows that are in key order.
  private func encode(
    _ rows: ArraySlice<UInt32>, of keys: ColumnBatch, bucket: Int
  ) throws -> SegmentPiece.Encoded {
    let ordinals = Array(rows)
    let batch = try table.definition.wholeRows(
      of: ColumnBatch(
        schema: keys.schema, rowCount: ordinals.count,
        columns: keys.columns.map { $0.gather(ordinals) }))
    let tablet = table.tablets[bucket]
    let piece = try SegmentPiece(
      bucket: bucket, rows: (0..<ordinals.count).map { UInt32($0) }, ofRowCount: ordinals.count,
      deleteSigns: .full(count: ordinals.count), definition: table.definition, tablet: tablet,
      basis: KeyBasis(
        version: tablet.version, found: .full(count: ordinals.count),
        independent: Bitmap(count: ordinals.count)))
    for column in batch.columns { try piece.append(column) }
    return try piece.finish()
  }
}

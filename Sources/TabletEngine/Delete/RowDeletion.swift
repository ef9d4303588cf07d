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
  func prepare(in store: Store) throws -> PreparedLoad {
    guard rows.rowCount > 0 else { return PreparedLoad(token: token, parts: []) }
    let batch = try table.definition.wholeRows(of: rows)
    let sorter = RowSorter(batch)
    var parts: [PreparedLoad.Part] = []
    var versions: [TabletID: Version] = [:]
    let buckets = BucketHash(definition: table.definition)
      .rowsByBucket(batch.columns, rowCount: batch.rowCount)
    for (bucket, own) in buckets.enumerated() where !own.isEmpty {
      let tablet = table.tablets[bucket]
      let writer = BucketWriter(
        store: store, tablet: tablet, definition: table.definition, token: token)
      let segments = try encode(
        batch, sorter.sorted(own), bucket: bucket, rowCountMax: store.options.segmentRowCountMax)
      try writer.add(segments, isLast: true)
      if let part = try writer.finish() { parts.append(part) }
      // Without an index nobody can tell which rows have changed.
      if tablet.keys?.index == nil { versions[tablet.id] = tablet.version }
    }
    return PreparedLoad(token: token, parts: parts, basis: versions)
  }

  private func encode(
    _ batch: ColumnBatch, _ rows: [UInt32], bucket: Int, rowCountMax: Int
  ) throws -> [SegmentPiece.Encoded] {
    let tablet = table.tablets[bucket]
    let pieces = try stride(from: 0, to: rows.count, by: rowCountMax).map { start in
      let own = Array(rows[start..<min(rows.count, start + rowCountMax)])
      return try SegmentPiece(
        bucket: bucket, rows: own, ofRowCount: batch.rowCount,
        deleteSigns: .full(count: batch.rowCount), definition: table.definition, tablet: tablet,
        basis: KeyBasis(
          version: tablet.version, found: .full(count: own.count),
          independent: Bitmap(count: own.count)))
    }
    for column in batch.columns {
      for piece in pieces { try piece.append(column) }
    }
    return try pieces.map { try $0.finish() }
  }
}

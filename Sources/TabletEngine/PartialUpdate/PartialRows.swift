import ScanKernels
import StorageBase

/// The rows of one partial load as the client gave them; they are completed as often as it takes.
/// Immutable.
final class PartialRows: Sendable {
  let table: TableID
  /// The given columns, the key columns first, in the order of the table.
  let batch: ColumnBatch
  /// By column, the rows that give it; nil for all rows.
  let given: [Bitmap?]
  /// Rows that delete their key; nil for none.
  let deleteSigns: Bitmap?
  let newKeys: PartialUpdate.NewKeys
  let strategy: PartialUpdate.Strategy

  init(
    table: TableID, batch: ColumnBatch, given: [Bitmap?], deleteSigns: Bitmap?,
    newKeys: PartialUpdate.NewKeys, strategy: PartialUpdate.Strategy
  ) {
    self.strategy = strategy
    precondition(given.count == batch.columns.count)
    self.table = table
    self.batch = batch
    self.given = given
    self.deleteSigns = deleteSigns
    self.newKeys = newKeys
  }

  /// The same for a later schema of the table: without columns that were dropped meanwhile, others
  /// of their types there.
  func brought(to schema: Schema) throws -> PartialRows {
    var columns: [Column] = []
    var vectors: [ColumnVector] = []
    var given: [Bitmap?] = []
    for column in schema.columns {
      guard let position = batch.schema.index(of: column.id) else { continue }
      let vector = batch.columns[position]
      columns.append(column)
      vectors.append(vector.type == column.type ? vector : vector.converted(to: column.type))
      given.append(self.given[position])
    }
    let own = try Schema(
      columns: columns, sortKeyCount: schema.sortKeyCount, keysModel: schema.keysModel)
    return PartialRows(
      table: table,
      batch: ColumnBatch(schema: own, rowCount: batch.rowCount, columns: vectors), given: given,
      deleteSigns: deleteSigns, newKeys: newKeys, strategy: strategy)
  }

  var terms: PartialTerms { PartialTerms(newKeys: newKeys, strategy: strategy) }

  /// Completes, sorts and encodes the rows, from what the table has now.
  func parts(in store: Store, _ token: TransactionToken) throws -> [PreparedLoad.Part] {
    guard let table = store.catalogueNow.tables[table] else {
      preconditionFailure("tables stay")
    }
    let rows = try brought(to: table.definition.schema)
    let sorter = RowSorter(rows.batch)
    var parts: [PreparedLoad.Part] = []
    let buckets = BucketHash(definition: table.definition)
      .rowsByBucket(rows.batch.columns, rowCount: rows.batch.rowCount)
    for (bucket, own) in buckets.enumerated() where !own.isEmpty {
      let writer = BucketWriter(
        store: store, tablet: table.tablets[bucket], definition: table.definition, token: token)
      var remaining = sorter.sorted(own)
      var deltas: [DeltaRows.Encoded] = []
      let rowCountMax = store.options.segmentRowCountMax
      if strategy == .delta {
        let split = try DeltaRows(rows, remaining, keys: sorter.keys, of: table, bucket: bucket)
        deltas = try split.encode(rowCountMax: rowCountMax)
        remaining = split.rest
      }
      var whole: [SegmentPiece.Encoded] = []
      if !remaining.isEmpty {
        whole = try RowCompletion(rows, remaining, keys: sorter.keys, of: table, bucket: bucket)
          .encode(rowCountMax: rowCountMax)
      }
      try writer.add(whole, deltas: deltas)
      if let part = try writer.finish() { parts.append(part) }
    }
    return parts
  }
}

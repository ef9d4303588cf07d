import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Collects the rows of one load, then sorts and encodes them. Not thread-safe; many builders may
/// work on one table at the same time, none sees another.
///
/// Nothing is visible, and nothing of a small load is on disk, before `Store.commit`. Memory is
/// bounded by `StoreOptions.loadBufferByteCountMax` plus one batch: fuller buffers become segments
/// on disk, and these are joined once there are many (`SegmentCompactionRules`).
public final class LoadBuilder {
  private let store: Store
  let table: TableSnapshot
  private let token: TransactionToken
  private var batches: [ColumnBatch] = []
  /// By batch, the rows that delete their keys.
  private var deleteSigns: [Bitmap?] = []
  private var bufferedByteCount = 0
  private var buckets: [BucketWriter]

  init(store: Store, table: TableSnapshot, token: TransactionToken) {
    self.store = store
    self.table = table
    self.token = token
    buckets = table.tablets.map {
      BucketWriter(store: store, tablet: $0, definition: table.definition, token: token)
    }
  }

  /// The transaction of the load.
  public var transaction: TransactionID { token.id }

  /// The columns that rows are to have: those of the table when the builder was made.
  public var schema: Schema { table.definition.schema }

  /// Adds rows.
  /// - Parameter deleteSigns: the rows that stand for the deletion of their key, of whose other
  ///   columns only the sequence column counts; for tables with unique keys. Of rows with one key
  ///   the last one counts, or the one with the greatest sequence value.
  /// - Throws: `StorageError.schemaMismatch` when the columns are not those the table had when the
  ///   load was begun, or a column that must not be null holds nulls, where a deletion has to have
  ///   its key and its sequence only; the rows are not added then. `TransactionError` when the load
  ///   has been aborted meanwhile.
  public func append(_ batch: ColumnBatch, deleteSigns: Bitmap? = nil) throws {
    try requireUniqueKeys(for: deleteSigns, of: batch)
    let batch = try table.definition.fitted(batch, deletions: deleteSigns)
    try token.requireRunning()
    guard batch.rowCount > 0 else { return }
    batches.append(batch)
    self.deleteSigns.append(deleteSigns)
    bufferedByteCount += batch.byteCount
    if bufferedByteCount >= store.options.loadBufferByteCountMax { try flush(isLast: false) }
  }

  /// Sorts, encodes, and writes what is too large for the log; the load can be committed then.
  public func prepare() throws -> PreparedLoad {
    try flush(isLast: true)
    let parts = try buckets.compactMap { try $0.finish() }
    return PreparedLoad(token: token, parts: parts)
  }

  private func flush(isLast: Bool) throws {
    guard let first = batches.first else { return }
    let batch = batches.count == 1 ? first : ColumnBatch(concatenating: batches)
    let signs = Bitmap.joined(deleteSigns, batches.map(\.rowCount), missing: false)
    batches.removeAll()
    deleteSigns.removeAll()
    bufferedByteCount = 0
    let pieces = try pieces(of: batch, deleteSigns: signs)
    for column in batch.columns {
      for piece in pieces { try piece.append(column) }
    }
    for (bucket, writer) in buckets.enumerated() {
      let own = pieces.filter { $0.bucket == bucket }
      guard !own.isEmpty else { continue }
      try writer.add(own.map { try $0.finish() }, isLast: isLast)
    }
  }

  private func requireUniqueKeys(for signs: Bitmap?, of batch: ColumnBatch) throws {
    guard let signs else { return }
    precondition(signs.count == batch.rowCount, "a delete sign for each row")
    guard table.definition.uniqueKeys == nil else { return }
    throw StorageError.invalidArgument(
      name: "delete signs for table \(table.definition.name)", value: "\(signs.setCount) rows",
      reason: "rows are deleted by key where keys are unique")
  }

  /// The segments to be made of a batch: one for each bucket that has rows, or more when these are
  /// too many for one.
  private func pieces(of batch: ColumnBatch, deleteSigns: Bitmap?) throws -> [SegmentPiece] {
    let sorter = RowSorter(batch)
    let newest = table.definition.uniqueKeys.map { _ in NewestRows(batch, table.definition) }
    let limit = store.options.segmentRowCountMax
    var pieces: [SegmentPiece] = []
    for (bucket, rows) in BucketHash(definition: table.definition)
      .rowsByBucket(batch.columns, rowCount: batch.rowCount).enumerated() where !rows.isEmpty
    {
      var sorted = sorter.sorted(rows)
      newest?.keep(in: &sorted, sorter)
      for start in stride(from: 0, to: sorted.count, by: limit) {
        let end = min(sorted.count, start + limit)
        pieces.append(
          try SegmentPiece(
            bucket: bucket, rows: limit < sorted.count ? Array(sorted[start..<end]) : sorted,
            ofRowCount: batch.rowCount, deleteSigns: deleteSigns, definition: table.definition,
            tablet: table.tablets[bucket]))
      }
    }
    return pieces
  }
}

extension Store {
  /// Begins a load of one phase into one table: see `begin(label:timeoutSeconds:)`.
  public func beginLoad(into table: String, label: String = "") throws -> LoadBuilder {
    let table = try snapshot(of: table)
    return LoadBuilder(
      store: self, table: table, token: try beginTransaction(label: label, timeoutSeconds: nil))
  }

  /// Loads one batch as one version: visible, and durable as the table promises, when this
  /// returns.
  @discardableResult
  public func load(
    _ batch: ColumnBatch, into table: String, label: String = ""
  ) throws -> CommitReceipt {
    let builder = try beginLoad(into: table, label: label)
    try builder.append(batch)
    return try commit(builder.prepare())
  }
}

extension ColumnBatch {
  /// All rows of the batches, which have one schema, in order.
  init(concatenating batches: [ColumnBatch]) {
    precondition(!batches.isEmpty)
    let schema = batches[0].schema
    let rowCount = batches.reduce(0) { $0 + $1.rowCount }
    let columns = schema.columns.indices.map { index in
      let builder = ColumnBuilder(type: schema.columns[index].type, capacity: rowCount)
      for batch in batches { builder.append(batch.columns[index], rows: 0..<batch.rowCount) }
      return builder.finish()
    }
    self.init(schema: schema, rowCount: rowCount, columns: columns)
  }

  /// Bytes of the values in memory, about.
  var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
}

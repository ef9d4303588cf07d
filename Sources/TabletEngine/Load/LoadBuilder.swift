import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Collects the rows of one load, then sorts and encodes them. Not thread-safe; many builders may
/// work on one table at the same time, none sees another.
///
/// Nothing is visible, and nothing of a small load is on disk, before `Store.commit`. Memory is
/// bounded by `flushByteCount` plus one batch: fuller buffers become segments on disk.
public final class LoadBuilder {
  /// Buffered bytes after which segments are written.
  static let flushByteCount = 64 << 20

  private let store: Store
  private let table: TableSnapshot
  private let token: TransactionToken
  private var batches: [ColumnBatch] = []
  private var bufferedByteCount = 0
  private var buckets: [BucketWriter]

  init(store: Store, table: TableSnapshot, token: TransactionToken) {
    self.store = store
    self.table = table
    self.token = token
    buckets = table.tablets.map { BucketWriter(store: store, tablet: $0.id, token: token) }
  }

  /// The transaction of the load.
  public var transaction: TransactionID { token.id }

  /// Adds rows.
  /// - Throws: `StorageError.schemaMismatch` when the columns are not those the table had when the
  ///   load was begun, or a
  ///   column that must not be null holds nulls; the rows are not added then.
  ///   `TransactionError` when the load has been aborted meanwhile.
  public func append(_ batch: ColumnBatch) throws {
    let batch = try table.definition.fitted(batch)
    try token.requireRunning()
    guard batch.rowCount > 0 else { return }
    batches.append(batch)
    bufferedByteCount += batch.byteCount
    if bufferedByteCount >= Self.flushByteCount { try flush(isLast: false) }
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
    batches.removeAll()
    bufferedByteCount = 0
    let pieces = try pieces(of: batch)
    for column in batch.columns {
      for piece in pieces { try piece.append(column) }
    }
    for (bucket, writer) in buckets.enumerated() {
      let own = pieces.filter { $0.bucket == bucket }
      guard !own.isEmpty else { continue }
      try writer.add(own.map { (try $0.finish(), $0.rowCount) }, isLast: isLast)
    }
  }

  /// The segments to be made of a batch: one for each bucket that has rows, or more when these are
  /// too many for one.
  private func pieces(of batch: ColumnBatch) throws -> [SegmentPiece] {
    let sorter = RowSorter(batch)
    let limit = store.options.segmentRowCountMax
    var pieces: [SegmentPiece] = []
    for (bucket, rows) in rowsByBucket(batch).enumerated() where !rows.isEmpty {
      let sorted = sorter.sorted(rows)
      for start in stride(from: 0, to: sorted.count, by: limit) {
        let end = min(sorted.count, start + limit)
        pieces.append(
          try SegmentPiece(
            bucket: bucket, rows: limit < sorted.count ? Array(sorted[start..<end]) : sorted,
            of: batch, definition: table.definition))
      }
    }
    return pieces
  }

  private func rowsByBucket(_ batch: ColumnBatch) -> [[UInt32]] {
    if buckets.count == 1 { return [Array(0..<UInt32(batch.rowCount))] }
    var rows = [[UInt32]](repeating: [], count: buckets.count)
    for (row, bucket) in BucketHash(definition: table.definition).buckets(of: batch).enumerated() {
      rows[Int(bucket)].append(UInt32(row))
    }
    return rows
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

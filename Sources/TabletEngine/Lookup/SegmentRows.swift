import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization

/// How whole rows of one segment are read under one schema of its table: worked out once, not for
/// every row. Immutable and thread-safe.
final class SegmentRows: Sendable {
  /// How a row store serves a column of the table.
  enum Source: Hashable, Sendable {
    case field(Int)
    /// Holds the column as a narrower type, whose values are the same.
    case narrower(Int)
    case constant(Value)
  }

  let reader: SegmentReader
  let store: RowStoreReader?
  /// By column of the table; nil where the row store has it not. Empty without a row store.
  let sources: [Source?]
  /// Whether the row store has all columns, and whether its fields are the columns.
  let isWhole: Bool
  let isPlain: Bool
  private let schemaVersion: Int
  private let columns: [Column]
  /// Of rows that are put together from the columns of a segment.
  private let layout: RowLayout?
  /// The same under other schemas.
  private let next = AtomicLazyReference<SegmentRows>()

  /// - Throws: `StorageError.corrupt` when the segment lacks a column or its row store is damaged,
  ///   and what the file throws.
  private init(_ reader: SegmentReader, _ definition: TableDefinition) throws {
    self.reader = reader
    schemaVersion = definition.schemaVersion
    columns = definition.schema.columns
    let store = try reader.rowStore()
    self.store = store
    let sources = try store.map { store in
      try definition.schema.columns.map { try Self.source(of: $0, in: store, of: reader) }
    }
    self.sources = sources ?? []
    isWhole = sources?.allSatisfy { $0 != nil } ?? false
    isPlain = sources?.enumerated().allSatisfy { $1 == .field($0) } ?? false
    layout = isWhole ? nil : RowLayout(columns: columns)
  }

  private static func source(
    of column: Column, in store: RowStoreReader, of reader: SegmentReader
  ) throws -> Source? {
    switch try reader.requireFit(of: column) {
    case .stored(let position): store.positions.firstIndex(of: position).map { .field($0) }
    case .widened(let position): store.positions.firstIndex(of: position).map { .narrower($0) }
    case .constant(let value): .constant(value)
    }
  }

  /// What `segment` has for the schema of its table, made the first time. O(schemas under which it
  /// has been read).
  static func of(
    _ segment: RowsetSegment, _ definition: TableDefinition
  ) throws -> SegmentRows {
    let opened = try segment.opened()
    if let first = opened.rows.load() { return try first.under(definition) }
    return try opened.rows.storeIfNil(SegmentRows(opened.reader, definition)).under(definition)
  }

  private func under(_ definition: TableDefinition) throws -> SegmentRows {
    var rows = self
    while rows.schemaVersion != definition.schemaVersion {
      rows = try rows.next.load() ?? rows.next.storeIfNil(SegmentRows(reader, definition))
    }
    return rows
  }

  /// A row as one of the table: from the row store if that has all columns, else column by column.
  /// - Parameter cache: keeps pages of the row store that are not read in place.
  /// - Throws: `StorageError.corrupt` for a bad page or row, and what the file throws.
  func row(_ row: UInt32, cache: RowPageCache) throws -> TableRow {
    guard isWhole, let store else { return try rowOfColumns(row) }
    let found = try store.row(Int(row), cache: cache)
    return TableRow(found.view, rows: self, memory: found.page, isPlain: isPlain)
  }

  /// As `row(_:cache:)`, with the new values that the row has of some columns.
  func row(_ row: UInt32, cache: RowPageCache, patched: PatchedRows) throws -> TableRow {
    try self.row(row, cache: cache)
      .changed(by: patched.values(ofRow: row, in: columns, schemaVersion: schemaVersion))
  }

  var columnCount: Int { columns.count }

  private func rowOfColumns(_ row: UInt32) throws -> TableRow {
    guard let layout else { preconditionFailure("rows of a row store") }
    var work = PageWork()
    let page = Int(row) / reader.rowsPerPage
    let own = row - UInt32(reader.rowRange(ofPage: page).lowerBound)
    let vectors = try columns.map {
      try reader.readPage(of: $0, page: page, rows: [own], work: &work)
    }
    let batch = RowBatch(layout: layout)
    try batch.append(vectors, rows: 0..<1)
    return TableRow(batch.view(0), rows: self, memory: batch, isPlain: true)
  }

  /// One column of rows that the row store has.
  /// - Parameters:
  ///   - batch: of the layout of the row store, or of a compatible one.
  ///   - fields: its fields, if they are known.
  func column(
    _ column: Int, of batch: RowBatch, fields: [ColumnVector]? = nil
  ) -> ColumnVector? {
    let type = columns[column].type
    func vector(_ field: Int) -> ColumnVector { fields?[field] ?? batch.column(field) }
    return sources[column].map { source in
      switch source {
      case .field(let field): vector(field)
      case .narrower(let field): vector(field).converted(to: type)
      case .constant(let value): .constant(value, type: type, count: batch.count)
      }
    }
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of a partial load as its client gave them, in segments (see FORMAT.md): what is kept of
/// a load of two phases until it is decided, since the newest rows that it has to be completed from
/// are those of that moment.
///
/// The key columns come first, then the other given ones. A column that only some rows give is
/// followed by a hidden one that says which.
enum GivenRows {
  /// The hidden column that says which rows give `column`: ids of hidden ones count down from the
  /// greatest, which is that of the delete sign.
  private static func presence(of column: Column) -> Column {
    Column(
      id: ColumnID(rawValue: .max - column.id.rawValue), name: "__gives_\(column.id)__", type: .int8
    )
  }

  /// Some of the rows, in the order given, as one segment.
  static func encode(
    _ partial: PartialRows, _ rows: [UInt32], of definition: TableDefinition
  ) throws -> [UInt8] {
    let batch = partial.batch
    var columns = batch.schema.columns
    var hidden: [ColumnVector] = []
    func addHidden(_ column: Column, _ bits: Bitmap) {
      columns.append(column)
      hidden.append(DeleteSign.vector(bits, rowCount: batch.rowCount).gather(rows))
    }
    for (column, given) in zip(batch.schema.columns, partial.given) {
      if let given { addHidden(presence(of: column), given) }
    }
    if let signs = partial.deleteSigns { addHidden(DeleteSign.column, signs) }
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: Schema(
        columns: columns, sortKeyCount: batch.schema.sortKeyCount,
        keysModel: batch.schema.keysModel),
      options: definition.deltaOptions, sink: sink)
    for column in batch.columns { try writer.writeColumn(column.gather(rows)) }
    for column in hidden { try writer.writeColumn(column) }
    _ = try writer.finish()
    return sink.bytes
  }

  /// The rows of all segments, with those of the given columns that `table` has still.
  /// - Throws: `StorageError.corrupt`.
  static func decode(
    _ segments: [RowsetSegment], of table: TableSnapshot, _ terms: PartialTerms
  ) throws -> PartialRows {
    let readers = try segments.map { try $0.reader() }
    let all = table.definition.schema
    let columns = all.columns.filter { column in
      readers.allSatisfy { $0.schema.index(of: column.id) != nil }
    }
    let schema = try Schema(
      columns: columns, sortKeyCount: all.sortKeyCount, keysModel: all.keysModel)
    guard columns.prefix(all.sortKeyCount).elementsEqual(all.columns.prefix(all.sortKeyCount))
    else {
      throw StorageError.corrupt(
        file: segments.first?.path ?? "", offset: 0, what: "rows of a partial load",
        expected: "all key columns", found: "\(columns.count) columns")
    }
    var rows = SegmentColumns(readers)
    let counts = readers.map(\.rowCount)
    let rowCount = counts.reduce(0, +)
    let vectors = try columns.map { try rows.vector(of: $0) }
    let given = try columns.map { try rows.bits(of: presence(of: $0), missing: true) }
    return PartialRows(
      table: table.id,
      batch: ColumnBatch(schema: schema, rowCount: rowCount, columns: vectors), given: given,
      deleteSigns: try rows.bits(of: DeleteSign.column, missing: false), newKeys: terms.newKeys,
      strategy: terms.strategy)
  }
}

/// Whole columns of some segments, one behind the other. Not thread-safe.
private struct SegmentColumns {
  private let readers: [SegmentReader]
  private var work = PageWork()

  init(_ readers: [SegmentReader]) { self.readers = readers }

  mutating func vector(of column: Column) throws -> ColumnVector {
    let builder = ColumnBuilder(type: column.type)
    for reader in readers { try append(column, of: reader, to: builder) }
    return builder.finish()
  }

  private mutating func append(
    _ column: Column, of reader: SegmentReader, to builder: ColumnBuilder
  ) throws {
    for page in 0..<reader.pageCount {
      let vector = try reader.readPage(of: column, page: page, work: &work)
      builder.append(vector, rows: 0..<vector.count)
    }
  }

  /// The rows where a hidden column is not 0; nil where no segment has it.
  /// - Parameter missing: what it means when one of them does not.
  mutating func bits(of column: Column, missing: Bool) throws -> Bitmap? {
    let bits = try readers.map { reader -> Bitmap? in
      guard reader.schema.index(of: column.id) != nil else { return nil }
      let builder = ColumnBuilder(type: column.type, capacity: reader.rowCount)
      try append(column, of: reader, to: builder)
      return DeleteSign.rows(builder.finish()) ?? Bitmap(count: reader.rowCount)
    }
    return Bitmap.joined(bits, readers.map(\.rowCount), missing: missing)
  }
}

import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Rows of a group load as the log holds them: one segment, in the order they came.
enum GroupRowsCodec {
  static func encode(_ batch: ColumnBatch, of definition: TableDefinition) throws -> [UInt8] {
    let sink = MemorySink()
    let options = SegmentOptions(
      compression: definition.segmentOptions.compression, hasShortKeyIndex: false)
    let writer = try SegmentWriter(schema: batch.schema, options: options, sink: sink)
    for column in batch.columns { try writer.writeColumn(column) }
    _ = try writer.finish()
    return sink.bytes
  }

  /// - Parameter path: where the bytes are, for errors.
  /// - Throws: `StorageError.corrupt`, or `unsupportedFormat` for what a later program has written.
  static func decode(
    _ bytes: [UInt8], of definition: TableDefinition, path: String
  ) throws -> ColumnBatch {
    let reader = try SegmentReader(doubting: MemoryFile(path: path, bytes: bytes))
    let schema = definition.schema
    var work = PageWork()
    let builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: reader.rowCount) }
    for page in 0..<reader.pageCount {
      let rows = 0..<reader.rowRange(ofPage: page).count
      for (column, builder) in zip(schema.columns, builders) {
        let vector = try reader.readPage(of: column, page: page, work: &work)
        builder.append(vector, rows: rows)
      }
    }
    return ColumnBatch(
      schema: schema, rowCount: reader.rowCount, columns: builders.map { $0.finish() })
  }
}

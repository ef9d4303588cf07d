import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// A batch of random columns, and its values by column.
struct RowStoreSample {
  let batch: ColumnBatch
  let values: [[Value]]

  /// - Parameter types: of the columns; every second one is nullable.
  init(
    _ types: [DataType], _ shape: Shape, rowCount: Int, _ generator: inout SeededGenerator
  ) throws {
    let schema = try Schema(
      types.enumerated().map { ("c\($0.offset)", $0.element, $0.offset % 2 == 1) },
      sortKeyCount: 1)
    try self.init(
      schema: schema,
      values: types.enumerated().map {
        sampleValues($1, shape, count: rowCount, nullable: $0 % 2 == 1, &generator)
      })
  }

  init(schema: Schema, values: [[Value]]) throws {
    self.values = values
    batch = ColumnBatch(
      schema: schema, rowCount: values[0].count,
      columns: zip(schema.columns, values).map { vector($0.type, $1) })
  }

  /// As many columns as asked for, of all types, of which a row has few values.
  static func wide(
    columnCount: Int, rowCount: Int, presentIn256: UInt64, _ generator: inout SeededGenerator
  ) throws -> RowStoreSample {
    let types = (0..<columnCount).map { allTypes[$0 * 7 % allTypes.count] }
    let schema = try Schema(
      types.enumerated().map { ("c\($0.offset)", $0.element, $0.offset % 3 != 0) },
      sortKeyCount: 1)
    let values = types.enumerated().map { index, type in
      let present = sampleValues(type, .random, count: 16, nullable: false, &generator)
      return (0..<rowCount).map { _ -> Value in
        let chance = generator.next()
        if chance % 256 < presentIn256 { return present[Int(chance >> 8) % 16] }
        if index % 3 != 0 { return chance >> 8 % 9 == 0 ? zero(type) : .null }
        return zero(type)
      }
    }
    return try RowStoreSample(schema: schema, values: values)
  }

  private static func zero(_ type: DataType) -> Value {
    switch type {
    case .string: .string("")
    case .float, .double: .floating(0)
    default: .integer(0)
    }
  }

  func row(_ row: Int, of fields: [Int]) -> [Value] { fields.map { values[$0][row] } }

  func encoded(_ options: RowStoreOptions, rowsPerPage: Int = 100) throws -> [UInt8] {
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: batch.schema,
      options: SegmentOptions(rowsPerPage: rowsPerPage, compression: .none), sink: sink)
    for column in batch.columns { try writer.writeColumn(column) }
    try writer.appendRowStore(options) { store in
      let fields = store.layout.columns.compactMap { batch.schema.index(of: $0.id) }
      try store.append(fields.map { batch.columns[$0] }, rows: 0..<batch.rowCount)
    }
    _ = try writer.finish()
    return sink.bytes
  }
}

/// The same file without a mapping: every access is a read.
final class UnmappedFile: ReadableFile {
  private let file: MemoryFile

  init(_ bytes: [UInt8]) { file = MemoryFile(path: "test.seg", bytes: bytes) }

  var path: String { file.path }
  var byteCount: UInt64 { file.byteCount }
  var mapping: UnsafeRawBufferPointer? { nil }
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    try file.read(at: offset, into: buffer)
  }
}

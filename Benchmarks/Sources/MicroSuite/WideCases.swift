import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// Tables of many columns of which a load sets few: what a column costs that has nothing to say.
enum WideCases {
  static let columnCount = 2000
  static let rowCount = 100

  static func all() throws -> [MicroCase] { [try encode(), try read()] }

  /// One column in forty has values, the others are null throughout.
  static func batch() throws -> ColumnBatch {
    let types: [DataType] = [.int64, .string, .double, .date]
    let schema = try Schema(
      (0..<columnCount).map { ("column_\($0)", types[$0 / 40 % 4], $0 > 0) }, sortKeyCount: 1)
    let columns = schema.columns.enumerated().map { index, column -> ColumnVector in
      let builder = ColumnBuilder(type: column.type)
      for row in 0..<rowCount {
        guard index % 40 == 0 else {
          builder.appendNull()
          continue
        }
        switch column.type {
        case .string: builder.append(string: "value \(row % 7)")
        case .double: builder.append(floating: Double(row) / 4)
        default: builder.append(integer: Int64(row))
        }
      }
      return builder.finish()
    }
    return ColumnBatch(schema: schema, rowCount: rowCount, columns: columns)
  }

  private static func encode() throws -> MicroCase {
    let batch = try batch()
    return MicroCase(
      "wide", "encode 2 000 columns of 100 rows", byteCount: 0, valueCount: columnCount,
      note: "a value is a column; 50 have values"
    ) {
      { _ = try SegmentWriter.encode(batch, options: SegmentOptions()) }
    }
  }

  private static func read() throws -> MicroCase {
    let batch = try batch()
    let file = MemoryFile(
      path: "wide", bytes: try SegmentWriter.encode(batch, options: SegmentOptions()).bytes)
    return MicroCase(
      "wide", "open, read 3 of 2 000 columns", byteCount: 0, valueCount: columnCount,
      note: "a value is a column of the footer"
    ) {
      {
        let reader = try SegmentReader(file: file)
        var work = PageWork()
        for column in [0, 40, 1999] {
          _ = try reader.readPage(column: column, page: 0, work: &work)
        }
      }
    }
  }
}

import SegmentFormat
import StorageBase

extension SegmentReader {
  /// Where the segment holds a column of its table.
  /// - Throws: `StorageError.corrupt` when it has none of that id, or holds it as another type.
  func position(of column: Column) throws -> Int {
    guard let index = schema.index(of: column.id), schema.columns[index].type == column.type else {
      let found = schema.index(of: column.id).map { "\(schema.columns[$0].type)" }
      throw StorageError.corrupt(
        file: path, offset: 0, what: "segment schema",
        expected: "column \(column.name) of type \(column.type)", found: found ?? "none of its id")
    }
    return index
  }
}

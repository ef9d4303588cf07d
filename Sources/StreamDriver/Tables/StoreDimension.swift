import ScanKernels
import StorageBase
import StreamTransforms
import TabletEngine

/// A unique-key table of a store as a dimension: rows as they are when they are asked for.
/// Thread-safe.
///
/// Rows are found through the key index of the table; one with a row store needs a read for each.
public struct StoreDimension: DimensionLookup {
  public let keyColumns: [Column]
  public let columns: [Column]
  private let store: Store
  private let table: String

  /// - Throws: `StorageError.unknownName` for a table that is not there,
  ///   `StorageError.invalidArgument` for one whose keys are not unique.
  public init(_ table: String, in store: Store) throws {
    let definition = try store.snapshot(of: table).definition
    guard definition.uniqueKeys != nil else {
      throw StorageError.invalidArgument(
        name: "dimension", value: table,
        reason: "its keys are not unique, so a key may have several rows; load it with unique keys")
    }
    self.store = store
    self.table = table
    columns = definition.schema.columns
    keyColumns = Array(columns[..<definition.schema.sortKeyCount])
  }

  public func find(
    _ keys: [ColumnVector], rowCount: Int, columns positions: [Int]
  ) throws -> DimensionRows {
    let names = positions.map { columns[$0].name }
    let result = try store.snapshot(of: table).lookup(keys, columns: names)
    guard result.rowCount < rowCount else {
      return DimensionRows(found: result.found, columns: result.columns)
    }
    // Keys without a row get the values of the first one that has, which nobody looks at.
    var sources: [UInt32] = []
    sources.reserveCapacity(rowCount)
    var next: UInt32 = 0
    for key in 0..<rowCount {
      let isFound = result.found[key]
      sources.append(isFound ? next : 0)
      if isFound { next += 1 }
    }
    let spread = result.columns.enumerated().map { index, column in
      result.rowCount == 0
        ? .nulls(of: self.columns[positions[index]].type, count: rowCount)
        : column.gather(sources)
    }
    return DimensionRows(found: result.found, columns: spread)
  }
}

extension ColumnVector {
  /// So many rows without a value.
  fileprivate static func nulls(of type: DataType, count: Int) -> ColumnVector {
    let builder = ColumnBuilder(type: type, capacity: count)
    for _ in 0..<count { builder.appendNull() }
    return builder.finish()
  }
}

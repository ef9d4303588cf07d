import ScanKernels
import StorageBase

/// A table whose rows are found by key: what a lookup joins a stream with. Implemented over the
/// store by whoever runs the stream.
public protocol DimensionLookup: Sendable {
  /// The columns of the key, in the order in which `find` takes them.
  var keyColumns: [Column] { get }
  /// What can be asked for.
  var columns: [Column] { get }

  /// Finds the rows of some keys.
  /// - Parameters:
  ///   - keys: a vector of `rowCount` values for each column of the key, of its type, none of them
  ///     null.
  ///   - columns: positions in `columns`.
  /// - Throws: what ends the stream.
  func find(_ keys: [ColumnVector], rowCount: Int, columns: [Int]) throws -> DimensionRows
}

/// What a dimension has for some keys.
public struct DimensionRows: Sendable {
  /// Which of the keys have a row.
  public let found: Bitmap
  /// The columns asked for, with a value for each key, anything for those without a row.
  public let columns: [ColumnVector]

  public init(found: Bitmap, columns: [ColumnVector]) {
    self.found = found
    self.columns = columns
  }
}

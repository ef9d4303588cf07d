import InvertedIndex
import StorageBase

/// That a column of a table has an inverted index, and how it is built.
public struct ColumnIndex: Hashable, Sendable {
  public let column: ColumnID
  public let options: IndexOptions

  public init(column: ColumnID, options: IndexOptions = IndexOptions()) {
    self.column = column
    self.options = options
  }

  /// Indexes a table may have; a segment has room for filters and short keys besides.
  static let countMax = 500

  /// The indexes in the order of the schema, their options applied to the types of their columns.
  /// - Throws: `StorageError.invalidArgument` for an unknown or repeated column or options that do
  ///   not fit, `limitExceeded` for too many.
  static func checked(_ indexes: [ColumnIndex], for schema: Schema) throws -> [ColumnIndex] {
    guard indexes.count <= countMax else {
      throw StorageError.limitExceeded(
        what: "inverted indexes of one table", value: indexes.count, limit: countMax,
        remedy: "index fewer columns")
    }
    var byPosition: [Int: ColumnIndex] = [:]
    for index in indexes {
      guard let position = schema.index(of: index.column) else {
        throw StorageError.invalidArgument(
          name: "indexed column", value: "\(index.column)", reason: "there is no such column")
      }
      let options = try index.options.applied(to: schema.columns[position].type)
      guard byPosition[position] == nil else {
        throw StorageError.invalidArgument(
          name: "indexed column", value: schema.columns[position].name,
          reason: "a column has at most one inverted index")
      }
      byPosition[position] = ColumnIndex(column: index.column, options: options)
    }
    return byPosition.sorted { $0.key < $1.key }.map(\.value)
  }
}

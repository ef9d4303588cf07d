import StorageBase
import StreamTransforms
import TabletEngine

/// What a table that a stream creates looks like, besides the columns of its rows. A value.
public struct TableLayout: Hashable, Sendable {
  /// The sort key; the first column when empty.
  public var key: [String] = []
  /// Whether rows of one key replace each other.
  public var isUnique = false
  /// The column whose greater value wins between rows of one key; nil for the later row.
  public var sequenceColumn: String?
  /// The columns whose values choose the tablet of a row; the first key column when empty.
  public var hashBy: [String] = []
  public var bucketCount = 4
  /// Whether rows are kept whole as well, so that one is found by its key with one read.
  public var hasRowStore = false

  public init() {}

  /// Of the table that has the results of windows.
  init(resultsOf plan: WindowPlan, bucketCount: Int) {
    key = plan.keySchema.columns.map(\.name)
    isUnique = true
    self.bucketCount = bucketCount
  }

  /// The columns of rows in the order of the table: the key first.
  /// - Throws: `StorageError.unknownName`.
  func columns(of schema: Schema) throws -> [Int] {
    let keys = try key.map { try schema.requireIndex(of: $0) }
    return keys + schema.columns.indices.filter { !keys.contains($0) }
  }

  /// - Parameter schema: of the rows that go there.
  /// - Throws: `StorageError` for what does not fit.
  public func definition(name: String, rows schema: Schema) throws -> TableDefinition {
    let order = try columns(of: schema)
    let columns = order.enumerated().map { position, column in
      let own = schema.columns[column]
      return Column(
        id: ColumnID(rawValue: UInt32(position + 1)), name: own.name, type: own.type,
        isNullable: own.isNullable)
    }
    return try TableDefinition(
      name: name,
      schema: Schema(
        columns: columns, sortKeyCount: max(1, key.count),
        keysModel: isUnique ? .unique : .duplicate),
      distribution: hashBy, bucketCount: bucketCount,
      uniqueKeys: isUnique ? UniqueKeyOptions(sequenceColumn: sequenceColumn) : nil,
      rowStore: hasRowStore ? .all : nil)
  }
}

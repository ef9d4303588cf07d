import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase

/// What a table is: schema, how its rows are spread over tablets, how its segments are written.
public struct TableDefinition: Hashable, Sendable {
  public let name: String
  public internal(set) var schema: Schema
  /// Columns whose values choose the tablet of a row; positions in the schema.
  public internal(set) var distribution: [Int]
  /// How many tablets the table has.
  public let bucketCount: Int
  public internal(set) var segmentOptions: SegmentOptions
  /// At most one per column, in the order of the schema.
  public internal(set) var indexes: [ColumnIndex]
  /// What the acknowledgement of a load promises.
  public let durability: Durability
  /// How rows stay unique; nil unless the keys model is `unique`.
  public internal(set) var uniqueKeys: UniqueKeyOptions?
  /// What segments keep row by row as well; nil for nothing.
  public internal(set) var rowStore: StoredRows?
  /// How pages of the row store are compressed: `none` lets rows be read where they lie in a mapped
  /// file, the others save room, and a page is decompressed for a row unless the row cache of the
  /// store has it.
  public let rowStoreCompression: Compression
  /// How often the table has been altered.
  public internal(set) var schemaVersion = 0
  /// What the next column that is added is known by; no column has had it.
  public internal(set) var nextColumnID: ColumnID

  /// - Parameters:
  ///   - distribution: names of the distribution columns; the first sort-key column when empty.
  ///   - bucketCount: 1...`Limits.bucketCountMax`.
  ///   - uniqueKeys: of a schema with unique keys; the default when nil.
  ///   - rowStore: columns to be kept row by row as well; nil for none.
  ///   - rowStoreCompression: of their pages.
  /// - Throws: `StorageError` naming what is out of range or unknown.
  public init(
    name: String, schema: Schema, distribution: [String] = [], bucketCount: Int = 1,
    segmentOptions: SegmentOptions = SegmentOptions(), indexes: [ColumnIndex] = [],
    durability: Durability = .sync, uniqueKeys: UniqueKeyOptions? = nil,
    rowStore: StoredRows? = nil, rowStoreCompression: Compression = .none
  ) throws {
    guard !name.isEmpty, name.utf8.count <= Limits.nameByteCountMax else {
      throw StorageError.invalidArgument(
        name: "table name", value: name, reason: "1 to \(Limits.nameByteCountMax) bytes")
    }
    guard (1...Limits.bucketCountMax).contains(bucketCount) else {
      throw StorageError.limitExceeded(
        what: "the bucket count of table \(name)", value: bucketCount,
        limit: Limits.bucketCountMax, remedy: "use 1 to \(Limits.bucketCountMax)")
    }
    self.name = name
    self.schema = schema
    nextColumnID = schema.nextColumnID
    self.distribution =
      distribution.isEmpty ? [0] : try distribution.map { try schema.requireIndex(of: $0) }
    self.bucketCount = bucketCount
    self.segmentOptions = segmentOptions
    try segmentOptions.validate(for: schema)
    self.indexes = try ColumnIndex.checked(indexes, for: schema)
    try durability.validate(table: name)
    self.durability = durability
    self.uniqueKeys = try Self.checked(uniqueKeys, for: schema, table: name)
    self.rowStore = try rowStore?.checked(for: schema)
    self.rowStoreCompression = rowStoreCompression
    try RowStoreOptions(compression: rowStoreCompression).validate(for: schema)
    try requireKeysDistribute()
  }

  private static func checked(
    _ options: UniqueKeyOptions?, for schema: Schema, table: String
  ) throws -> UniqueKeyOptions? {
    guard schema.keysModel == .unique else {
      guard options == nil else {
        throw StorageError.invalidArgument(
          name: "unique keys of table \(table)", value: "\(schema.keysModel)",
          reason: "the keys model of the schema is not unique")
      }
      return nil
    }
    let options = options ?? UniqueKeyOptions()
    try options.validate(for: schema, table: table)
    return options
  }

  /// Rows of one unique key have to be in one tablet.
  private func requireKeysDistribute() throws {
    guard uniqueKeys != nil, let other = distribution.first(where: { $0 >= schema.sortKeyCount })
    else { return }
    throw StorageError.invalidArgument(
      name: "distribution of table \(name)", value: schema.columns[other].name,
      reason: "rows of a unique-key table are spread by key columns")
  }

  /// The index of a column of the schema, if it has one.
  public func index(ofColumn column: Int) -> ColumnIndex? {
    indexes.first { $0.column == schema.columns[column].id }
  }

  /// What is written of a definition: more with every form.
  enum Form {
    /// No filters and indexes.
    case plain
    case pruning
    /// The form that is written.
    case properties
  }
}

extension TableDefinition {
  func encode(into writer: inout ByteWriter, id: TableID) {
    writer.append(id.rawValue)
    writer.append(name)
    writer.append(schema.keysModel.rawValue)
    writer.appendVarint(UInt64(schema.sortKeyCount))
    writer.appendVarint(UInt64(schema.columns.count))
    for column in schema.columns {
      writer.append(column.id.rawValue)
      writer.append(column.name)
      writer.append(column.type.description)
      writer.append(UInt8(column.isNullable ? 1 : 0))
    }
    writer.appendVarint(UInt64(distribution.count))
    for index in distribution { writer.append(schema.columns[index].id.rawValue) }
    writer.appendVarint(UInt64(bucketCount))
    writer.append(segmentOptions.compression.description)
    writer.appendVarint(UInt64(segmentOptions.rowsPerPage))
    PruningSection(self).encode(into: &writer)
    TableProperties(self).encode(into: &writer)
  }

  static func decode(
    from reader: inout ByteReader, _ form: Form
  ) throws -> (id: TableID, definition: TableDefinition) {
    let id = TableID(rawValue: try reader.readSmallOrdinal("table id"))
    let name = try reader.readString("table name", atMost: Limits.nameByteCountMax)
    let model = try reader.read(UInt8.self, "keys model")
    guard let keysModel = KeysModel(rawValue: model) else {
      throw reader.corrupt("keys model", expected: "a known one", found: "\(model)")
    }
    let sortKeyCount = try reader.readCount("sort key count", atMost: Limits.columnCountMax)
    let columnCount = try reader.readCount("column count", atMost: Limits.columnCountMax)
    var columns: [Column] = []
    for _ in 0..<columnCount { columns.append(try decodeColumn(from: &reader)) }
    let schema = try Schema(columns: columns, sortKeyCount: sortKeyCount, keysModel: keysModel)
    let distributionCount = try reader.readCount(
      "distribution column count", atMost: columnCount)
    var distribution: [String] = []
    for _ in 0..<distributionCount {
      let id = ColumnID(rawValue: try reader.read(UInt32.self, "distribution column"))
      guard let index = schema.index(of: id) else {
        throw reader.corrupt("distribution column", expected: "a column id", found: "\(id)")
      }
      distribution.append(columns[index].name)
    }
    let bucketCount = try reader.readCount("bucket count", atMost: Limits.bucketCountMax)
    let compressionName = try reader.readString("compression", atMost: Limits.nameByteCountMax)
    guard let compression = Compression(compressionName) else {
      throw reader.corrupt("compression", expected: "a known one", found: compressionName)
    }
    let rowsPerPage = try reader.readCount("rows per page", atMost: Limits.pageRowCountMax)
    let pruning =
      form == .plain ? PruningSection() : try PruningSection(decoding: &reader, schema)
    let properties =
      form == .properties ? try TableProperties(decoding: &reader) : TableProperties()
    let options = SegmentOptions(
      rowsPerPage: rowsPerPage, compression: compression, filters: pruning.filters,
      hasShortKeyIndex: pruning.hasShortKeyIndex)
    let whole = try properties.schema.applied(to: schema, reader)
    var definition = try TableDefinition(
      name: name, schema: whole, distribution: distribution, bucketCount: bucketCount,
      segmentOptions: options, indexes: pruning.indexes, durability: properties.durability,
      uniqueKeys: properties.uniqueKeys(of: whole, reader), rowStore: properties.rowStore,
      rowStoreCompression: properties.rowStoreCompression)
    definition.schemaVersion = properties.schema.version
    if let next = properties.schema.nextColumnID { definition.nextColumnID = next }
    return (id, definition)
  }

  private static func decodeColumn(from reader: inout ByteReader) throws -> Column {
    let id = ColumnID(rawValue: try reader.read(UInt32.self, "column id"))
    let name = try reader.readString("column name", atMost: Limits.nameByteCountMax)
    let typeName = try reader.readString("column type", atMost: Limits.nameByteCountMax)
    guard let type = DataType(typeName) else {
      throw reader.corrupt("column type", expected: "a known type", found: typeName)
    }
    let isNullable = try reader.read(UInt8.self, "nullability") != 0
    return Column(id: id, name: name, type: type, isNullable: isNullable)
  }
}

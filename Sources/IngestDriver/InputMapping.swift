import StorageBase
import TabletEngine

/// How the rows of a text file become rows of a table: its dialect, its columns, the sort key and
/// where rows are placed. Read from a YAML file (`InputMapping+YAML.swift`) or guessed from a file
/// (`InputMapping+Inference.swift`).
public struct InputMapping: Hashable, Sendable {
  /// Where a column's text stands in a row.
  public enum Source: Hashable, Sendable {
    /// Under this name of the header.
    case header(String)
    /// At this position, counted from 1.
    case position(Int)
    /// At this place in a JSON object; a name means the member of that name.
    case path(JSONPath)
  }

  /// How a date or datetime is written when not in ISO 8601.
  public enum FieldFormat: String, Hashable, Sendable, CaseIterable {
    /// `2026-01-31`, `2026-01-31 12:30:00.5`, `2026-01-31T12:30Z`; plain text for other types.
    case standard = "iso"
    /// Dates as `20260131`.
    case compact = "yyyymmdd"
    /// Datetimes as whole seconds since 1970-01-01 UTC.
    case epochSeconds = "epoch_s"
    /// Datetimes as whole milliseconds since 1970-01-01 UTC.
    case epochMilliseconds = "epoch_ms"
    /// Datetimes as whole microseconds since 1970-01-01 UTC.
    case epochMicroseconds = "epoch_us"

    /// Whether values of `type` can be written like this.
    public func suits(_ type: DataType) -> Bool {
      switch self {
      case .standard: true
      case .compact: type == .date
      case .epochSeconds, .epochMilliseconds, .epochMicroseconds: type == .datetime
      }
    }
  }

  public struct ColumnMapping: Hashable, Sendable {
    public var name: String
    public var type: DataType
    public var isNullable: Bool
    public var source: Source
    public var format: FieldFormat
    public var pruning: ColumnPruning
    /// Whether it is no column of the table: only conditions on rows look at it.
    public var isInputOnly: Bool
    /// What it holds in JSON objects that lack it; nil for null.
    public var defaultValue: Value?

    public init(
      name: String, type: DataType, isNullable: Bool = false, source: Source? = nil,
      format: FieldFormat = .standard, pruning: ColumnPruning = ColumnPruning(),
      isInputOnly: Bool = false, defaultValue: Value? = nil
    ) {
      self.name = name
      self.type = type
      self.isNullable = isNullable
      self.source = source ?? .header(name)
      self.format = format
      self.pruning = pruning
      self.isInputOnly = isInputOnly
      self.defaultValue = defaultValue
    }
  }

  /// Columns that the table keeps row by row as well.
  public enum RowStore: Hashable, Sendable {
    case all
    case columns([String])
  }

  /// Of delimited text.
  public var dialect: CSVDialect
  /// How rows of JSON lie in the text; nil for delimited text.
  public var json: JSONDialect?
  /// In the order of the table: the sort key first, in its order; at the end those that are no
  /// columns of the table.
  public let columns: [ColumnMapping]
  public let sortKey: [String]
  /// Columns whose hash places a row in a bucket.
  public let hashBy: [String]
  /// Buckets (tablets) of the table; nil leaves the choice to the caller.
  public let bucketCount: Int?
  /// Of a table whose sort key is unique; nil where nothing is said of that.
  public let uniqueKeys: UniqueKeyOptions?
  /// Nil for none.
  public let rowStore: RowStore?

  /// - Parameters:
  ///   - columns: in any order.
  ///   - sortKey: the columns that order the rows; nil is the first column.
  ///   - hashBy: nil is the first column of the sort key.
  ///   - uniqueKeys: of a table whose sort key is unique; nil for one that keeps all rows.
  /// - Throws: `StorageError.unknownName` for a key that is no column; `StorageError.invalidSchema`
  ///   for no columns or a repeated name; `StorageError.invalidArgument` for a position out of
  ///   1...`Limits.columnCountMax`.
  public init(
    dialect: CSVDialect = CSVDialect(), json: JSONDialect? = nil, columns: [ColumnMapping],
    sortKey: [String]? = nil, hashBy: [String]? = nil, bucketCount: Int? = nil,
    uniqueKeys: UniqueKeyOptions? = nil,
    rowStore: RowStore? = nil
  ) throws {
    let sortKey = sortKey ?? columns.prefix(1).map(\.name)
    let keyColumns = try sortKey.map { name in
      guard let column = columns.first(where: { $0.name == name }) else {
        throw StorageError.unknownName(
          kind: "sort key column", name: name, known: columns.map(\.name))
      }
      guard !column.isInputOnly else {
        throw StorageError.invalidArgument(
          name: "sort key column", value: name, reason: "it is input only, and not in the table")
      }
      return column
    }
    for column in columns {
      guard case .position(let position) = column.source else { continue }
      guard (1...Limits.columnCountMax).contains(position) else {
        throw StorageError.invalidArgument(
          name: "source of column \(column.name)", value: String(position),
          reason: "positions are 1 to \(Limits.columnCountMax)")
      }
    }
    let hashBy = hashBy ?? Array(sortKey.prefix(1))
    for name in hashBy where !columns.contains(where: { $0.name == name }) {
      throw StorageError.unknownName(kind: "hash column", name: name, known: columns.map(\.name))
    }
    self.dialect = dialect
    self.json = json
    let others = columns.filter { !sortKey.contains($0.name) }
    self.columns =
      keyColumns + others.filter { !$0.isInputOnly } + others.filter(\.isInputOnly)
    self.sortKey = sortKey
    self.hashBy = hashBy
    self.bucketCount = bucketCount
    self.uniqueKeys = uniqueKeys
    self.rowStore = rowStore
    schema = try Schema(
      columns: self.columns.enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.name, type: column.type,
          isNullable: column.isNullable)
      }, sortKeyCount: sortKey.count, keysModel: uniqueKeys == nil ? .duplicate : .unique)
  }

  /// What filters and indexes the columns of `schema` are to have.
  public var pruning: [ColumnID: ColumnPruning] {
    Dictionary(uniqueKeysWithValues: zip(schema.columns.map(\.id), columns.map(\.pruning)))
  }

  /// The columns of the input, numbered in order: those of the table first.
  public let schema: Schema

  /// The schema of a table that is made for the input.
  /// - Throws: `StorageError.invalidSchema` when all columns are input only.
  public func tableSchema() throws -> Schema {
    try Schema(
      columns: zip(schema.columns, columns).filter { !$1.isInputOnly }.map(\.0),
      sortKeyCount: schema.sortKeyCount, keysModel: schema.keysModel)
  }

  /// What is kept row by row of a table that is made for the input; nil for nothing.
  /// - Throws: `StorageError.unknownName`.
  public func storedRows() throws -> StoredRows? {
    switch rowStore {
    case nil: nil
    case .all: .all
    case .columns(let names):
      .columns(try names.map { schema.columns[try schema.requireIndex(of: $0)].id })
    }
  }

  /// The same input for a table with these unique keys.
  /// - Parameter keys: the key columns; nil for the sort key.
  public func keyed(
    by keys: [String]?, _ options: UniqueKeyOptions, rowStore: RowStore?
  ) throws -> InputMapping {
    let sortKey = keys ?? self.sortKey
    let keepsHash = hashBy.allSatisfy { sortKey.contains($0) }
    return try InputMapping(
      dialect: dialect, json: json, columns: columns, sortKey: sortKey,
      hashBy: keepsHash ? hashBy : nil,
      bucketCount: bucketCount, uniqueKeys: options, rowStore: rowStore ?? self.rowStore)
  }
}

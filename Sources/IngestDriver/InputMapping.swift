import StorageBase

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

    public init(
      name: String, type: DataType, isNullable: Bool = false, source: Source? = nil,
      format: FieldFormat = .standard, pruning: ColumnPruning = ColumnPruning()
    ) {
      self.name = name
      self.type = type
      self.isNullable = isNullable
      self.source = source ?? .header(name)
      self.format = format
      self.pruning = pruning
    }
  }

  public var dialect: CSVDialect
  /// In the order of the table: the sort key first, in its order.
  public let columns: [ColumnMapping]
  public let sortKey: [String]
  /// Columns whose hash places a row in a bucket.
  public let hashBy: [String]
  /// Buckets (tablets) of the table; nil leaves the choice to the caller.
  public let bucketCount: Int?

  /// - Parameters:
  ///   - columns: in any order.
  ///   - sortKey: the columns that order the rows; nil is the first column.
  ///   - hashBy: nil is the first column of the sort key.
  /// - Throws: `StorageError.unknownName` for a key that is no column; `StorageError.invalidSchema`
  ///   for no columns or a repeated name; `StorageError.invalidArgument` for a position out of
  ///   1...`Limits.columnCountMax`.
  public init(
    dialect: CSVDialect = CSVDialect(), columns: [ColumnMapping], sortKey: [String]? = nil,
    hashBy: [String]? = nil, bucketCount: Int? = nil
  ) throws {
    let sortKey = sortKey ?? columns.prefix(1).map(\.name)
    let keyColumns = try sortKey.map { name in
      guard let column = columns.first(where: { $0.name == name }) else {
        throw StorageError.unknownName(
          kind: "sort key column", name: name, known: columns.map(\.name))
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
    self.columns = keyColumns + columns.filter { !sortKey.contains($0.name) }
    self.sortKey = sortKey
    self.hashBy = hashBy
    self.bucketCount = bucketCount
    schema = try Schema(
      self.columns.map { ($0.name, $0.type, $0.isNullable) }, sortKeyCount: sortKey.count)
  }

  /// What filters and indexes the columns of `schema` are to have.
  public var pruning: [ColumnID: ColumnPruning] {
    Dictionary(uniqueKeysWithValues: zip(schema.columns.map(\.id), columns.map(\.pruning)))
  }

  /// The table's schema, columns numbered in order.
  public let schema: Schema
}

import StorageBase
import TabletEngine

/// The columns of the rows of a stream, as of some place in a partition of its source. A value.
///
/// The pipeline calls a column what it was called first, for good, so that transforms and windows
/// go on to mean it; what the source calls it may change.
public struct RowColumns: Hashable, Sendable {
  public struct Column: Hashable, Sendable {
    public let name: String
    /// What the source calls it now; nil for what is no column of its table.
    public var sourceName: String?
    public var type: DataType
    public var isNullable: Bool
    /// What rows have that lack it; nil for null, or nothing where it must not be null.
    public var defaultValue: Value?
    /// Which of the columns it was at the beginning; nil for one that came with a change.
    public let origin: Int?

    public init(
      name: String, sourceName: String?, type: DataType, isNullable: Bool,
      defaultValue: Value? = nil, origin: Int?
    ) {
      self.name = name
      self.sourceName = sourceName
      self.type = type
      self.isNullable = isNullable
      self.defaultValue = defaultValue
      self.origin = origin
    }
  }

  public private(set) var columns: [Column]
  private let first: Schema
  private(set) var isChanged = false

  /// - Parameters:
  ///   - columns: at the beginning, in the order of the schema.
  ///   - schema: of the rows at the beginning.
  public init(_ columns: [Column], schema: Schema) {
    self.columns = columns
    first = schema
  }

  /// The rows of a source all of whose columns are those of its table.
  public init(_ schema: Schema) {
    self.init(
      schema.columns.enumerated().map { place, column in
        Column(
          name: column.name, sourceName: column.name, type: column.type,
          isNullable: column.isNullable, origin: place)
      }, schema: schema)
  }

  /// Of rows that have these columns.
  public func schema() throws -> Schema {
    if !isChanged { return first }
    return try Schema(
      columns.map { (name: $0.name, type: $0.type, isNullable: $0.isNullable) }, sortKeyCount: 1)
  }

  /// The places of the columns that the source has under a name: of events that tell rows before
  /// and after a change both have it.
  func places(of sourceName: String) -> [Int] {
    columns.indices.filter { columns[$0].sourceName == sourceName }
  }

  /// Changes the columns.
  /// - Parameter name: what the pipeline calls a column that is added.
  /// - Throws: `StorageError` for what cannot be.
  mutating func apply(_ change: SchemaChange, as name: String?) throws {
    isChanged = true
    switch change {
    case .addColumn(let sourceName, let type, let isNullable, let value, _):
      guard places(of: sourceName).isEmpty else {
        throw StorageError.alreadyExists(kind: "column", name: sourceName)
      }
      columns.append(
        Column(
          name: name ?? sourceName, sourceName: sourceName, type: type, isNullable: isNullable,
          defaultValue: value, origin: nil))
    case .dropColumn(let name):
      let gone = Set(places(of: name))
      columns = columns.indices.filter { !gone.contains($0) }.map { columns[$0] }
    case .renameColumn(let name, let other):
      guard places(of: other).isEmpty else {
        throw StorageError.alreadyExists(kind: "column", name: other)
      }
      for place in places(of: name) { columns[place].sourceName = other }
    case .widenColumn(let name, let type):
      for place in places(of: name) { try widen(place, to: type) }
    case .makeNullable(let name):
      for place in places(of: name) { columns[place].isNullable = true }
    }
  }

  private mutating func widen(_ place: Int, to type: DataType) throws {
    let column = columns[place]
    guard column.type.widens(to: type) else {
      throw StorageError.invalidArgument(
        name: "type of column \(column.sourceName ?? column.name)", value: "\(type)",
        reason: "\(column.type) cannot become it; "
          + (column.type.widerTypes.map { "possible: \($0)" } ?? "it has no wider type"))
    }
    columns[place].type = type
  }
}

/// One column of a table.
public struct Column: Hashable, Sendable {
  /// Stable for the life of the table; renaming keeps it, dropping retires it.
  public let id: ColumnID
  public let name: String
  public let type: DataType
  public let isNullable: Bool
  /// What it holds in rows that were written before it was added; nil when there are none, since
  /// the table was created with it. Segments do not tell it.
  public let defaultValue: Value?

  public init(
    id: ColumnID, name: String, type: DataType, isNullable: Bool = false,
    defaultValue: Value? = nil
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.isNullable = isNullable
    self.defaultValue = defaultValue
  }
}

/// What a table does with rows of equal sort keys. Raw values are persistent: never change one.
public enum KeysModel: UInt8, Hashable, Sendable, Codable {
  /// Keeps every row (`DUPLICATE KEY` of Apache Doris).
  case duplicate = 1
  /// Keeps the newest row of each key (`UNIQUE KEY`).
  case unique = 2
}

/// The columns of a table and its sort key, which is a prefix of them.
public struct Schema: Hashable, Sendable {
  public let columns: [Column]
  /// How many leading columns order the rows; at least 1.
  public let sortKeyCount: Int
  public let keysModel: KeysModel

  /// - Throws: `StorageError.invalidSchema` for no columns, too many, a repeated or empty name, a
  ///   repeated id, or a sort key that is not a non-empty prefix.
  public init(columns: [Column], sortKeyCount: Int, keysModel: KeysModel = .duplicate) throws {
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition { throw StorageError.invalidSchema(reason: reason()) }
    }
    try require(!columns.isEmpty, "it has no columns")
    try require(
      columns.count <= Limits.columnCountMax,
      "it has \(columns.count) columns, the limit is \(Limits.columnCountMax)")
    try require(
      (1...columns.count).contains(sortKeyCount),
      "the sort key has \(sortKeyCount) columns, it must be a prefix of the \(columns.count)")
    for column in columns {
      try require(!column.name.isEmpty, "a column has an empty name")
      try require(
        column.name.utf8.count <= Limits.nameByteCountMax,
        "column name \(column.name.prefix(40))... is longer than \(Limits.nameByteCountMax) bytes")
    }
    if let name = Schema.firstRepeated(columns, by: \.name) {
      throw StorageError.invalidSchema(reason: "column \(name) appears twice")
    }
    if let id = Schema.firstRepeated(columns, by: \.id) {
      throw StorageError.invalidSchema(reason: "column id \(id) appears twice")
    }
    self.columns = columns
    self.sortKeyCount = sortKeyCount
    self.keysModel = keysModel
  }

  /// Columns up to which comparing all pairs is cheaper than a set: every small load has a schema.
  private static let pairwiseCountMax = 16

  private static func firstRepeated<Key: Hashable>(
    _ columns: [Column], by key: (Column) -> Key
  ) -> Key? {
    guard columns.count <= pairwiseCountMax else {
      var known = Set<Key>()
      return columns.lazy.map(key).first { !known.insert($0).inserted }
    }
    for (index, column) in columns.enumerated() {
      for other in columns[..<index] where key(other) == key(column) { return key(column) }
    }
    return nil
  }

  /// Numbers the columns 1, 2, 3, … in the order given.
  public init(
    _ columns: [(name: String, type: DataType, isNullable: Bool)], sortKeyCount: Int
  ) throws {
    try self.init(
      columns: columns.enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.name, type: column.type,
          isNullable: column.isNullable)
      }, sortKeyCount: sortKeyCount)
  }

  /// The position of the column called `name`; linear in the number of columns.
  public func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

  /// The position of the column with this id: O(1) where columns have been numbered in their order
  /// and none was dropped before it, else linear in their number.
  public func index(of id: ColumnID) -> Int? {
    let usual = Int(id.rawValue) - 1
    if columns.indices.contains(usual), columns[usual].id == id { return usual }
    return columns.firstIndex { $0.id == id }
  }

  /// As `index(of:)`, for names that came from a person.
  /// - Throws: `StorageError.unknownName` with the names there are.
  public func requireIndex(of name: String) throws -> Int {
    if let index = index(of: name) { return index }
    throw StorageError.unknownName(kind: "column", name: name, known: columns.map(\.name))
  }
}

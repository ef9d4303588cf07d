import StorageBase

/// How a unique-key table keeps its rows unique. Chosen when the table is created.
public struct UniqueKeyOptions: Hashable, Sendable {
  /// When rows of equal keys become one.
  public enum Merge: String, Hashable, Sendable, CaseIterable {
    /// A load finds the older rows of its keys and marks them deleted, so that reading costs what
    /// it costs without keys (merge-on-write of Apache Doris).
    case onWrite = "on-write"
    /// A load only adds its rows; readers find out which are the newest (merge-on-read).
    case onRead = "on-read"
  }

  /// What finds the newest row of a key. Tables that merge on read have no use for it.
  public enum Index: String, Hashable, Sendable, CaseIterable {
    /// In memory: a table from keys to rows of the whole tablet, rebuilt when the store is opened.
    case hash
    /// On disk: the keys of each segment in order, with a Bloom filter, asked from the newest
    /// segment to the oldest (Apache Doris).
    case sorted
  }

  public var merge: Merge
  public var index: Index
  /// The column whose greater value wins between rows of one key, whichever comes first; of equal
  /// ones, and without it, the row that is loaded later. Its type is an integer of at most 64 bits,
  /// a date or a datetime; a null is less than every value.
  public var sequenceColumn: String?
  /// How partial loads write, unless they choose themselves.
  public var partialUpdates: PartialUpdate.Strategy

  public init(
    merge: Merge = .onWrite, index: Index = .hash, sequenceColumn: String? = nil,
    partialUpdates: PartialUpdate.Strategy = .rewrite
  ) {
    self.partialUpdates = partialUpdates
    self.merge = merge
    self.index = index
    self.sequenceColumn = sequenceColumn
  }
}

extension TableDefinition {
  /// Whether segments keep their keys beside the columns.
  var hasPrimaryKeyIndex: Bool {
    uniqueKeys.map { $0.merge == .onWrite && $0.index == .sorted } ?? false
  }
}

extension UniqueKeyOptions {
  /// - Throws: `StorageError.unknownName` or `.invalidArgument` when the sequence column is none.
  func validate(for schema: Schema, table: String) throws {
    guard let name = sequenceColumn else { return }
    let index = try schema.requireIndex(of: name)
    let column = schema.columns[index]
    let isOrdered: Bool =
      switch column.type {
      case .int8, .int16, .int32, .int64, .date, .datetime: true
      default: false
      }
    guard index >= schema.sortKeyCount, isOrdered else {
      throw StorageError.invalidArgument(
        name: "sequence column of table \(table)", value: "\(name) \(column.type)",
        reason: "it is a value column of an integer type of at most 64 bits, date or datetime")
    }
  }
}

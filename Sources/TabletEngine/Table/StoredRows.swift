import SegmentFormat
import StorageBase

/// Which columns the segments of a table keep row by row as well, so that a whole row is one read.
public enum StoredRows: Hashable, Sendable {
  /// All there are, also those that are added later.
  case all
  /// These, in the order of the schema.
  case columns([ColumnID])

  /// As it is written down (FORMAT.md).
  var text: String {
    switch self {
    case .all: "all"
    case .columns(let ids): ids.map { "\($0.rawValue)" }.joined(separator: ",")
    }
  }

  /// Nil for what `text` does not make.
  init?(text: String) {
    if text == "all" {
      self = .all
      return
    }
    let ids = text.split(separator: ",", omittingEmptySubsequences: false).map { UInt32($0) }
    let known = ids.compactMap { $0.map { ColumnID(rawValue: $0) } }
    self = .columns(known)
    if self.text != text { return nil }
  }

  static let textByteCountMax = Limits.columnCountMax * 11

  /// The same in the order of a schema.
  /// - Throws: `StorageError.invalidArgument` unless it names different columns of the schema, at
  ///   least one.
  func checked(for schema: Schema) throws -> StoredRows {
    guard case .columns(let ids) = self else { return self }
    let wanted = Set(ids)
    let known = schema.columns.map(\.id).filter { wanted.contains($0) }
    guard !known.isEmpty, known.count == ids.count else {
      throw StorageError.invalidArgument(
        name: "row store columns", value: text,
        reason: "it must be ids of different columns of the table, at least one")
    }
    return .columns(known)
  }

  /// What is left without some columns; nil for none.
  func without(_ dropped: Set<ColumnID>) -> StoredRows? {
    guard case .columns(let ids) = self else { return self }
    let kept = ids.filter { !dropped.contains($0) }
    return kept.isEmpty ? nil : .columns(kept)
  }
}

extension TableDefinition {
  /// Positions in the schema of the columns that segments keep row by row as well, ascending; empty
  /// for none.
  var rowStoreColumns: [Int] {
    switch rowStore {
    case nil: []
    case .all: Array(schema.columns.indices)
    case .columns(let ids): ids.compactMap { schema.index(of: $0) }
    }
  }

  /// How the row stores of segments are written.
  var rowStoreOptions: RowStoreOptions {
    RowStoreOptions(
      columns: rowStoreColumns.map { schema.columns[$0].id }, compression: rowStoreCompression)
  }
}

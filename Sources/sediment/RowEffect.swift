import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine

/// What a load makes of the batches of an input. Immutable and thread-safe.
struct RowEffect: Sendable {
  private enum Kind {
    case rows
    case deletions
    case partial(PartialUpdate.NewKeys)
    case flexible(PartialUpdate.NewKeys)
  }

  let table: String
  private let kind: Kind
  /// Where the columns that are loaded are in batches of the input; nil for those that no row of a
  /// flexible load names.
  private let positions: [Int?]
  private let names: [String]
  /// Of the rows that delete their key; nil for none.
  private let condition: RowCondition?
  private let schema: Schema

  /// - Parameters:
  ///   - input: the columns of its batches.
  ///   - table: that the rows are going to.
  ///   - path: of the input, for errors.
  /// - Throws: `StorageError` for columns that are missing or of no use, `SQLError` for a condition
  ///   that is none.
  init(
    _ arguments: RowEffectArguments, input: InputMapping, into table: TableDefinition,
    path: String
  ) throws {
    self.table = table.name
    let wanted: [Column]
    if arguments.flexible {
      kind = .flexible(arguments.newKeys.behaviour)
      wanted = table.schema.columns
    } else if arguments.partial {
      kind = .partial(arguments.newKeys.behaviour)
      wanted = try Self.updated(arguments, input.schema, table)
    } else if arguments.mergeType == .delete {
      kind = .deletions
      wanted = try table.deletionColumns()
    } else {
      kind = .rows
      wanted = table.schema.columns
    }
    names = wanted.map(\.name)
    positions = try wanted.map { column -> Int? in
      if let position = input.schema.index(of: column.name) { return position }
      if arguments.flexible { return nil }
      throw StorageError.invalidArgument(
        name: "input", value: path,
        reason: "it has no column \(column.name) of table \(table.name)"
          + (arguments.mergeType == .append && !arguments.partial && table.uniqueKeys != nil
            ? "; --partial keeps what rows have there" : ""))
    }
    condition = try arguments.deleteOn.map {
      try RowCondition($0, schema: input.schema, table: table.name)
    }
    schema = try Schema(
      columns: zip(positions, wanted).map { position, column in
        position.map { input.schema.columns[$0] } ?? column
      }, sortKeyCount: 1)
    try requireUse(of: input, arguments, table, path: path)
  }

  /// The columns that a partial load gives.
  private static func updated(
    _ arguments: RowEffectArguments, _ input: Schema, _ table: TableDefinition
  ) throws -> [Column] {
    let schema = table.schema
    var named = Set(input.columns.map(\.name))
    if let columns = arguments.columns {
      named = Set(UniqueKeyArguments.names(columns))
      for name in named { _ = try schema.requireIndex(of: name) }
    }
    return schema.columns.enumerated()
      .filter { $0 < schema.sortKeyCount || named.contains($1.name) }.map(\.element)
  }

  /// Nothing of the input is left out unless somebody has said so.
  private func requireUse(
    of input: InputMapping, _ arguments: RowEffectArguments, _ table: TableDefinition, path: String
  ) throws {
    guard arguments.columns == nil, arguments.mergeType != .delete else { return }
    for column in input.columns where !names.contains(column.name) {
      guard !(condition?.columnNames.contains(column.name) ?? false) else { continue }
      throw StorageError.invalidArgument(
        name: "input", value: path,
        reason: "its column \(column.name) is none of table \(table.name), which has "
          + table.schema.columns.map(\.name).joined(separator: ", ")
          + "; leave it out with a mapping, or use it in --delete-on")
    }
  }

  /// Begins a load.
  func begin(in store: Store, label: String = "") throws -> OpenLoad {
    switch kind {
    case .rows, .deletions:
      OpenLoad(effect: self, builder: .whole(try store.beginLoad(into: table, label: label)))
    case .partial(let newKeys):
      OpenLoad(
        effect: self,
        builder: .partial(
          try store.beginPartialLoad(
            into: table, updating: names, onNewKey: newKeys, label: label)))
    case .flexible(let newKeys):
      OpenLoad(
        effect: self,
        builder: .flexible(
          try store.beginFlexibleLoad(into: table, onNewKey: newKeys, label: label)))
    }
  }

  fileprivate var isDeleting: Bool { if case .deletions = kind { true } else { false } }

  fileprivate func loaded(_ batch: ColumnBatch) -> ColumnBatch {
    ColumnBatch(
      schema: schema, rowCount: batch.rowCount,
      columns: zip(positions, schema.columns).map { position, column in
        position.map { batch.columns[$0] }
          ?? .constant(.null, type: column.type, count: batch.rowCount)
      })
  }

  /// By column that is loaded, the rows that name it; nil for all.
  fileprivate func given(_ rows: InputRows) -> [Bitmap?] {
    positions.map { position in
      guard let position else { return Bitmap(count: rows.batch.rowCount) }
      return rows.given[position]
    }
  }

  fileprivate func deleteSigns(_ batch: ColumnBatch) throws -> Bitmap? {
    guard let signs = try condition?.rows(of: batch), !signs.isEmpty else { return nil }
    return signs
  }
}

/// A load that takes rows. Not thread-safe.
struct OpenLoad {
  fileprivate enum Builder {
    case whole(LoadBuilder)
    case partial(PartialLoadBuilder)
    case flexible(PartialLoadBuilder)
  }

  fileprivate let effect: RowEffect
  fileprivate let builder: Builder

  var transaction: TransactionID {
    switch builder {
    case .whole(let builder): builder.transaction
    case .partial(let builder), .flexible(let builder): builder.transaction
    }
  }

  /// Adds rows of the input.
  func append(_ rows: InputRows) throws {
    let batch = effect.loaded(rows.batch)
    switch builder {
    case .whole(let builder) where effect.isDeleting: try builder.appendDeletions(batch)
    case .whole(let builder):
      try builder.append(batch, deleteSigns: try effect.deleteSigns(rows.batch))
    case .partial(let builder):
      try builder.append(batch, deleteSigns: try effect.deleteSigns(rows.batch))
    case .flexible(let builder):
      try builder.append(
        batch, given: effect.given(rows), deleteSigns: try effect.deleteSigns(rows.batch))
    }
  }

  func prepare() throws -> PreparedLoad {
    switch builder {
    case .whole(let builder): try builder.prepare()
    case .partial(let builder), .flexible(let builder): try builder.prepare()
    }
  }
}

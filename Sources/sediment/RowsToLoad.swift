import IngestDriver
import StorageBase
import StorageIO
import TabletEngine

/// Where the rows come from, the table they need, and what they do there.
struct RowsToLoad {
  let factory: any BatchSourceFactory
  let table: TableDefinition
  let effect: RowEffect
  let input: FileInput?
  /// What a load has unless told; nil for as many as a batch of `input`.
  let rowsPerLoad: Int?
  /// Whether it matters in which order rows are loaded.
  let isOrdered: Bool
  private static let textPerLoad = 64 << 20

  var skippedRowsReport: String? { input?.skippedRowsReport }

  /// - Parameter existing: finds a table that there is already.
  init(
    _ command: LoadCommand, files: PosixFileSystem, existing: (String) -> TableDefinition?
  ) throws {
    guard let path = command.input else {
      var parameters = OrderEvents.Parameters()
      parameters.seed = command.seed
      let total = command.generate ?? 0
      parameters.rowsPerWriter = total.ceilingDivision(by: command.threads ?? 1)
      let events = try OrderEvents(parameters)
      input = nil
      rowsPerLoad = 10_000
      factory = events
      isOrdered = false
      let name = command.table ?? "orders"
      table =
        try existing(name)
        ?? TableDefinition(
          name: name, schema: events.schema, distribution: ["user_id"], bucketCount: 4,
          pruning: try command.pruning.adding(to: [:], schema: events.schema),
          durability: command.durability)
      effect = try RowEffect(
        command.effect, input: InputMapping(of: events.schema), into: table, path: "--generate")
      return
    }
    let name = command.table ?? FileInput.tableName(of: path)
    let known = existing(name)
    let mapping = try Self.mapping(command, path, files, into: known)
    let hasDeletions = command.effect.mergeType == .merge
    let file = try FileInput(
      path: path, mapping: hasDeletions ? mapping.withNullableValues() : mapping,
      maxErrors: command.maxErrors, files: files,
      batchByteCountMax: Self.textPerLoad)
    input = file
    rowsPerLoad = nil
    factory = file
    table = try known ?? Self.definition(command, name, mapping)
    isOrdered = table.uniqueKeys.map { $0.sequenceColumn == nil } ?? false
    effect = try RowEffect(command.effect, input: mapping, into: table, path: path)
  }

  private static func mapping(
    _ command: LoadCommand, _ path: String, _ files: PosixFileSystem,
    into table: TableDefinition?
  ) throws -> InputMapping {
    var mapping: InputMapping
    if let given = command.mapping {
      mapping = try InputMapping(file: given, files: files)
      if let format = command.format, (format == .json) != (mapping.json != nil) {
        throw StorageError.invalidArgument(
          name: "--format", value: format.rawValue,
          reason: "\(given) says otherwise, and format: is to be set there")
      }
      if let table { mapping = try mapping.withDefaults(of: table.schema) }
    } else {
      let file = try files.openForReading(path, cause: .tool)
      let isJSON = command.format.map { $0 == .json } ?? FileInput.isJSON(path)
      let json = isJSON ? try JSONDialect(detectedIn: file) : nil
      mapping =
        try table.map {
          try InputMapping.inferred(
            from: file, into: $0, json: json,
            allColumns: command.effect.flexible || !command.effect.partial)
        }
        ?? InputMapping.inferred(from: file, json: json)
    }
    if command.effect.flexible {
      guard mapping.json != nil else {
        throw StorageError.invalidArgument(
          name: "--flexible", value: path,
          reason: "rows of delimited text have all columns of the header; give rows of JSON")
      }
      mapping.json?.namesOwnColumns = true
    }
    guard let table else { return try command.uniqueKeys.applied(to: mapping) }
    guard command.uniqueKeys.isEmpty, mapping.uniqueKeys == nil || table.uniqueKeys != nil else {
      throw StorageError.invalidArgument(
        name: "unique keys of table", value: table.name,
        reason: "the table is there, and "
          + (table.uniqueKeys == nil ? "keeps all rows of a key" : "its keys are unique")
          + "; that is chosen when it is created: leave out what is said of it")
    }
    return mapping
  }

  private static func definition(
    _ command: LoadCommand, _ name: String, _ mapping: InputMapping
  ) throws -> TableDefinition {
    if command.effect.partial || command.effect.mergeType == .delete {
      throw StorageError.invalidArgument(
        name: "table", value: name,
        reason: "it is not there, so it has no rows to update or delete; load whole rows first")
    }
    let schema = try mapping.tableSchema()
    return try TableDefinition(
      name: name, schema: schema, distribution: mapping.hashBy,
      bucketCount: mapping.bucketCount ?? 4,
      pruning: try command.pruning.adding(to: mapping.pruning, schema: schema),
      durability: command.durability, uniqueKeys: mapping.uniqueKeys,
      rowStore: try mapping.storedRows())
  }
}

extension InputMapping {
  /// Of rows that are generated.
  fileprivate init(of schema: Schema) throws {
    try self.init(
      columns: schema.columns.map {
        ColumnMapping(name: $0.name, type: $0.type, isNullable: $0.isNullable)
      }, sortKey: schema.columns[..<schema.sortKeyCount].map(\.name))
  }
}

import StorageBase

extension TableRouter {
  /// The columns of the rows of a table: as they go there, and where they are.
  static func rows(
    of sink: SinkTable, among schema: Schema, first: Schema, follows: Bool
  ) throws -> (schema: Schema, order: [Int]) {
    var names = sink.columns ?? first.columns.map(\.name)
    if schema != first {
      if follows {
        names = names.filter { schema.index(of: $0) != nil }
        names += schema.columns.map(\.name).filter { first.index(of: $0) == nil }
      } else {
        if sink.partial != nil { names = names.filter { schema.index(of: $0) != nil } }
        try requireUnchanged(names, schema, first, sink)
      }
    }
    var columns = try names.map { schema.columns[try schema.requireIndex(of: $0)] }
    if sink.partial?.isFlexible == true {
      // A row may lack all but the key.
      let keys = sink.layout.key.isEmpty ? Array(names.prefix(1)) : sink.layout.key
      columns = columns.map { column in
        Column(
          id: column.id, name: column.name, type: column.type,
          isNullable: column.isNullable || !keys.contains(column.name))
      }
    }
    let kept = try Schema(columns: columns, sortKeyCount: 1)
    let order = try sink.layout.columns(of: kept)
      .map { try schema.requireIndex(of: kept.columns[$0].name) }
    return (try sink.layout.definition(name: "table", rows: kept).schema, order)
  }

  private static func requireUnchanged(
    _ names: [String], _ schema: Schema, _ first: Schema, _ sink: SinkTable
  ) throws {
    for name in names {
      let old = first.columns[try first.requireIndex(of: name)]
      let new = schema.index(of: name).map { schema.columns[$0] }
      guard let new, new.type == old.type, new.isNullable == old.isNullable else {
        throw StorageError.invalidArgument(
          name: "table", value: sink.name,
          reason:
            "it does not follow changes of columns, and has column \(name), which would change"
        )
      }
    }
  }
}

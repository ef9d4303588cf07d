import StorageBase
import TabletModel

extension TableDefinition {
  /// Checks a definition that the log says is the next of this table: every segment that fits this
  /// one has to fit that one as well.
  /// - Throws: `EditRefusal` saying what does not.
  func requireSuccessor(_ next: TableDefinition) throws(EditRefusal) {
    func require(_ condition: Bool, _ reason: String) throws(EditRefusal) {
      if !condition { throw EditRefusal("a new schema of table \(name) \(reason)") }
    }
    try require(next.name == name, "renames it to \(next.name)")
    try require(
      next.bucketCount == bucketCount && next.schema.keysModel == schema.keysModel,
      "changes its buckets or keys model")
    try require(
      TableProperties(next).sequenceColumn == TableProperties(self).sequenceColumn
        && next.uniqueKeys?.merge == uniqueKeys?.merge
        && next.uniqueKeys?.index == uniqueKeys?.index, "changes how keys are kept unique")
    try require(
      next.schemaVersion > schemaVersion,
      "has version \(next.schemaVersion) after \(schemaVersion)")
    try require(next.nextColumnID >= nextColumnID, "takes column ids back")
    let keys = schema.columns[..<schema.sortKeyCount]
    try require(
      next.schema.columns[..<next.schema.sortKeyCount].map(\.place) == keys.map(\.place),
      "changes the sort key")
    try require(
      next.distribution.map { next.schema.columns[$0].place }
        == distribution.map { schema.columns[$0].place }, "changes the distribution")
    for column in next.schema.columns {
      if let old = schema.index(of: column.id).map({ schema.columns[$0] }) {
        try require(
          (old.type == column.type || old.type.widens(to: column.type))
            && (column.isNullable || !old.isNullable) && column.defaultValue == old.defaultValue,
          "changes column \(old.name) from \(old.type) to \(column.type)")
      } else {
        try require(
          column.id >= nextColumnID && column.defaultValue != nil,
          "adds column \(column.name) with id \(column.id), or without a default")
      }
    }
  }
}

extension Column {
  /// What must stay of a column that says where rows are.
  fileprivate var place: ColumnPlace {
    ColumnPlace(id: id, type: type, isNullable: isNullable)
  }
}

private struct ColumnPlace: Equatable {
  let id: ColumnID
  let type: DataType
  let isNullable: Bool
}

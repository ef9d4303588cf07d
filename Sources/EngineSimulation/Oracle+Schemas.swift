import StorageBase
import TabletEngine

// The columns of tables, and which of them loads have given.
extension Oracle {
  /// The newest schema of a table.
  func schema(of table: SampleTable) -> SampleSchema {
    schemas[table.number]?.last ?? table.schema
  }

  /// The schema that a definition has.
  /// - Throws: `SimulationFailure` when a table has other columns than it should.
  func schema(
    of table: SampleTable, as definition: TableDefinition
  ) throws(SimulationFailure) -> SampleSchema {
    let known = schemas[table.number] ?? []
    guard known.indices.contains(definition.schemaVersion) else {
      throw SimulationFailure(
        "table \(table.name) has schema version \(definition.schemaVersion), the newest is "
          + "\(known.count - 1)")
    }
    let schema = known[definition.schemaVersion]
    guard schema.agrees(with: definition.schema) else {
      throw SimulationFailure(
        "table \(table.name) has the columns \(definition.schema.columns.map(\.name)), expected "
          + "\(schema.columns.map(\.name))")
    }
    return schema
  }

  /// The schema version that a load was written with.
  func generation(of load: Int, in table: Int) -> Int { generations[table]?[load] ?? 0 }

  /// A client has begun to write a load.
  mutating func writes(_ load: Int, into table: SampleTable) {
    generations[table.number, default: [:]][load] = schema(of: table).version
  }

  /// What a row of a table without unique keys has in it.
  func row(_ id: Int, of table: SampleTable, in schema: SampleSchema) -> [Value] {
    schema.row(
      id, bits: table.bits(of: id),
      generation: generation(of: SampleTable.load(ofRow: id), in: table.number))
  }

  /// The newest rows of a table that readers see; nil when that is not known.
  func visibleRows(of table: SampleTable) -> [[Value]]? {
    let schema = schema(of: table)
    if table.keys != nil { return visibleKeyedRows(of: table, in: schema) }
    return idsWithoutKeys(of: table.number).map { row($0, of: table, in: schema) }
  }

  mutating func altered(_ table: SampleTable, to schema: SampleSchema) {
    wrote(isSynced: true)
    schemas[table.number, default: []].append(schema)
  }

  /// A change threw, and may have been made all the same.
  mutating func mayBeAltered(_ table: SampleTable, to schema: SampleSchema) {
    uncertainSchemas[table.number, default: []].append(schema)
  }

  /// Decides about changes that threw.
  mutating func recoveredSchema(
    of table: SampleTable, _ definition: TableDefinition
  ) throws(SimulationFailure) {
    let candidates = uncertainSchemas.removeValue(forKey: table.number) ?? []
    let newest = schema(of: table).version
    if definition.schemaVersion == newest + 1,
      let found = candidates.last(where: { $0.agrees(with: definition.schema) })
    {
      schemas[table.number, default: []].append(found)
    }
    guard definition.schemaVersion == schema(of: table).version else {
      throw SimulationFailure(
        "table \(table.name) was recovered at schema version \(definition.schemaVersion), "
          + "expected \(newest)")
    }
    _ = try schema(of: table, as: definition)
  }
}

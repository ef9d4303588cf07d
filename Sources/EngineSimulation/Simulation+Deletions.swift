import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine

// Deletions by key and by condition.
extension Simulation {
  private var keyedTables: [SampleTable] { knownTables.filter { $0.keys != nil } }

  /// A load of nothing but deletions.
  func deleteByKey() throws {
    guard let store = world.store, !keyedTables.isEmpty else { return }
    let table = keyedTables[random.index(of: keyedTables)]
    let number = takeNumber()
    oracle.writes(number, into: table)
    let ids = SampleTable.ids(load: number, rowCount: Int(random.next() % 16))
      .filter { !table.stays($0) }
    var change = Oracle.Change(
      number: number,
      parts: [
        Oracle.Change.Part(
          table: table.number, load: number, rowCount: ids.count,
          digests: table.digests(ids: ids),
          keyed: table.keyedVersions(ids: ids) { _ in true } ?? [])
      ])
    let label = "deletion \(number)"
    let builder: LoadBuilder
    do {
      builder = try store.beginLoad(into: table.name, label: label)
    } catch {
      return try notBegun(error, label: label)
    }
    change.transaction = builder.transaction
    try begun(builder.transaction, label: label, change)
    do {
      let definition = try store.snapshot(of: table.name).definition
      let schema = try oracle.schema(of: table, as: definition)
      let columns = try definition.deletionColumns().compactMap { column in
        definition.schema.index(of: column.id).map { (column, schema.columns[$0]) }
      }
      try builder.appendDeletions(table.batch(ids: ids, columns, sortKeyCount: 1))
      try commit(PreparedChange(load: try builder.prepare(), change: change))
      trace.note("deleted by key", "\(number)")
    } catch {
      givenUp(builder.transaction)
      try excuse(error, "deletion", "\(number)")
    }
  }

  /// Rows that meet a condition are deleted, while others change them.
  func deleteByCondition() throws {
    guard mayTakeTurns, let store = world.store, !keyedTables.isEmpty else { return }
    let table = keyedTables[random.index(of: keyedTables)]
    let number = takeNumber()
    let label = "deletion \(number)"
    let condition = SampleCondition(&random)
    var change = Oracle.Change(number: number, parts: [])
    do {
      let receipt = try store.delete(from: table.name, label: label) { snapshot in
        if change.transaction == nil {
          guard let id = store.transaction(label: label)?.id else {
            throw SimulationFailure("a deletion has no transaction")
          }
          change.transaction = id
          try begun(id, label: label, change)
        }
        let (part, rows) = try deletion(condition, number, in: snapshot, table)
        change = Oracle.Change(number: number, parts: [part], transaction: change.transaction)
        if let id = change.transaction { oracle.loads[id]?.change = change }
        interrupt(oneIn: 2)
        if let innerFailure { throw innerFailure }
        return rows
      }
      guard let id = change.transaction, let part = change.parts.first,
        receipt.rowCount == part.rowCount
      else {
        throw SimulationFailure(
          "deletion \(number) has deleted \(receipt.rowCount) rows, expected "
            + "\(change.parts.map(\.rowCount))")
      }
      try acknowledged(receipt, id, change, in: store)
      trace.note(part.rowCount == 0 ? "nothing to delete" : "deleted by condition", "\(number)")
    } catch {
      try deletionFailed(error, change, label: label)
    }
  }

  private func deletionFailed(
    _ error: any Error, _ change: Oracle.Change, label: String
  ) throws {
    guard let id = change.transaction else { return try notBegun(error, label: label) }
    if case StorageError.tooManyVersions = error {
      trace.note("too many versions", "\(change.number)")
      return givenUp(id)
    }
    if isAborted(error), oracle.loads[id]?.possible.contains(.aborted) ?? true {
      return trace.note("commit of an aborted load", "\(change.number)")
    }
    try excuse(error, "deletion", "\(change.number)")
    if saysNothingWasWritten(error) { return givenUp(id) }
    oracle.mayHaveHappened(change)
    oracle.mayBe(id, .visible, at: world.clock.now())
    oracle.mayBe(id, .aborted, at: world.clock.now())
  }

  /// What a condition finds, which has to be what the oracle knows of.
  private func deletion(
    _ condition: SampleCondition, _ number: Int, in snapshot: TableSnapshot, _ table: SampleTable
  ) throws -> (Oracle.Change.Part, ColumnBatch) {
    let schema = try oracle.schema(of: table, as: snapshot.definition)
    let (text, matches) = condition.fitted(to: table, schema)
    var keyed: [KeyedVersion] = []
    var isKnown = true
    for (bucket, tablet) in snapshot.tablets.enumerated() {
      var found: [Int: KeyedState] = [:]
      for (key, states) in oracle.keyedStates(of: table, bucket: bucket, at: tablet.version)
      where SampleTable.Keys.isShared(key) {
        if states.count > 1 { isKnown = false }
        guard let state = states.first, !state.isDeletion,
          matches(key, oracle.row(of: key, state, of: table, in: schema))
        else { continue }
        found[key] = state
      }
      keyed.append(.deleted(found))
    }
    // Where clients of a group load may have come in any order nothing is deleted.
    let rows = try snapshot.deletions(where: isKnown ? text : "false")
    if !isKnown { keyed = keyed.map { _ in .deleted([:]) } }
    let count = keyed.reduce(0) { $0 + $1.rowCount }
    guard rows.rowCount == count else {
      throw SimulationFailure(
        "\(text) selects \(rows.rowCount) rows of table \(table.name), expected \(count)")
    }
    let part = Oracle.Change.Part(
      table: table.number, load: number, rowCount: count,
      digests: [Digest](repeating: Digest(), count: snapshot.tablets.count), keyed: keyed)
    return (part, rows)
  }
}

/// A condition on a table with unique keys, whatever its columns are by the time it is asked.
struct SampleCondition {
  private let keys: [Int]
  private let column: Int
  private let kind: UInt64
  private let number: Int128

  init(_ random: inout SeededGenerator) {
    keys = SampleTable.Keys.someShared(&random)
    column = Int(random.next() % 8)
    kind = random.next() % 4
    number = Int128(random.next() % 16)
  }

  /// As SQL has it and as the oracle does: some of the keys that loads share, and something about
  /// a column.
  func fitted(
    to table: SampleTable, _ schema: SampleSchema
  ) -> (text: String, matches: (_ key: Int, _ row: [Value]) -> Bool) {
    guard let known = table.keys, !keys.isEmpty else { return ("false", { _, _ in false }) }
    let terms = keys.map { key in
      let parts = zip(schema.columns, known.values(key)).map { column, value in
        value.isNull
          ? "\"\(column.name)\" is null" : "\"\(column.name)\" = \(Self.literal(value))"
      }
      return "(\(parts.joined(separator: " and ")))"
    }
    let text = "(\(terms.joined(separator: " or ")))"
    let wanted = Set(keys)
    let values = schema.columns.count - schema.sortKeyCount
    let position = schema.sortKeyCount + column % values
    let chosen = schema.columns[position]
    switch kind {
    case 0:
      return (
        "\(text) and \"\(chosen.name)\" is null", { wanted.contains($0) && $1[position].isNull }
      )
    case 1:
      return (
        "\(text) and not \"\(chosen.name)\" is null",
        { wanted.contains($0) && !$1[position].isNull }
      )
    case 2:
      guard let moment = schema.columns.firstIndex(where: { $0.number == schema.sortKeyCount })
      else { return (text, { key, _ in wanted.contains(key) }) }
      return (
        "\"\(schema.columns[moment].name)\" < \(number) and \(text)",
        { key, row in
          guard wanted.contains(key), case .integer(let value) = row[moment] else { return false }
          return value < number
        }
      )
    default: return (text, { key, _ in wanted.contains(key) })
    }
  }

  private static func literal(_ value: Value) -> String {
    switch value {
    case .integer(let number): "\(number)"
    case .string(let text): "'\(text)'"
    case .floating(let number): "\(number)"
    case .null: "null"
    }
  }
}

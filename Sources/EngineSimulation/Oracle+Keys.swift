import StorageBase
import TabletEngine

// What there is of tables with unique keys.
extension Oracle {
  /// By key, what a tablet may have of it at a version. There is more than one possibility
  ///
  /// - where clients of a group load have rows of one key, for their rows have no order, and
  /// - after a deletion and a later row with a smaller sequence: a compaction that reaches back to
  ///   the first version forgets deletions.
  func keyedStates(
    of table: SampleTable, bucket: Int, at version: Version
  ) -> [Int: Set<KeyedState>] {
    var states: [Int: Set<KeyedState>] = [:]
    for entry in (histories[table.number]?[bucket] ?? []).prefix(Int(version.rawValue) - 1) {
      for change in entry.keyed {
        switch change {
        case .whole: break
        case .partial(let rows):
          for row in rows { states[row.key] = update(states[row.key], row, of: table) }
        case .deleted(let found):
          // Rows that others have changed stay as they are.
          for (key, state) in found where states[key] == [state] {
            states[key] = [deletion(of: state, in: table)]
          }
        }
      }
      let whole = entry.keyed.flatMap { change -> [KeyedRow] in
        if case .whole(let rows) = change { rows } else { [] }
      }
      for (key, newer) in Dictionary(grouping: whole, by: \.key) {
        let greatest = newer.compactMap(\.sequence).max() ?? 0
        let candidates = Set(
          newer.filter { $0.sequence == greatest }.map { state(of: $0, in: table) })
        states[key] = states[key].map { follow($0, candidates) } ?? candidates
      }
    }
    return states
  }

  /// What a whole row makes of its key.
  private func state(of row: KeyedRow, in table: SampleTable) -> KeyedState {
    let state = KeyedState(
      sequence: row.sequence ?? 0, isDeletion: row.isDeletion,
      origins: Dictionary(
        uniqueKeysWithValues: numbers(of: table, row).map { ($0, row.id) }))
    return row.isDeletion ? deletion(of: state, in: table) : state
  }

  /// The numbers of all columns that there had been when a row was written.
  private func numbers(of table: SampleTable, _ row: KeyedRow) -> Range<Int> {
    let generation = generation(of: SampleTable.load(ofRow: row.id), in: table.number)
    return 0..<(schemas[table.number]?[generation].nextNumber ?? 0)
  }

  /// Nothing is left of a row that is deleted but its sequence.
  private func deletion(of state: KeyedState, in table: SampleTable) -> KeyedState {
    KeyedState(
      sequence: state.sequence, isDeletion: true,
      origins: state.origins.filter { $0.key == table.keys?.sequence?.column })
  }

  private func follow(_ older: Set<KeyedState>, _ newer: Set<KeyedState>) -> Set<KeyedState> {
    var states: Set<KeyedState> = []
    for old in older {
      let wins = newer.allSatisfy { old.sequence > $0.sequence }
      if wins { states.insert(old) }
      if !wins || (old.isDeletion && mayForgetDeletions) { states.formUnion(newer) }
    }
    return states
  }

  /// What a row that gives some columns makes of those that there may be.
  private func update(
    _ older: Set<KeyedState>?, _ row: KeyedRow, of table: SampleTable
  ) -> Set<KeyedState> {
    var states: Set<KeyedState> = []
    for old in older ?? [] {
      states.insert(updated(old, row, of: table))
      if old.isDeletion, mayForgetDeletions { states.insert(updated(nil, row, of: table)) }
    }
    return states.isEmpty ? [updated(nil, row, of: table)] : states
  }

  private func updated(
    _ old: KeyedState?, _ row: KeyedRow, of table: SampleTable
  ) -> KeyedState {
    if let old, let given = row.sequence, given < old.sequence { return old }
    let least = table.keys?.sequence == nil ? 0 : Int.min
    var state = old ?? KeyedState(sequence: least, isDeletion: false, origins: [:])
    state.isDeletion = row.isDeletion
    if let given = row.sequence { state.sequence = given }
    for column in numbers(of: table, row) where row.gives(column) {
      state.origins[column] = row.id
    }
    return row.isDeletion ? deletion(of: state, in: table) : state
  }

  /// What readers see of a key.
  func row(of key: Int, _ state: KeyedState, of table: SampleTable, in schema: SampleSchema)
    -> [Value]
  {
    guard let keys = table.keys else { return [] }
    return keys.values(key)
      + schema.columns.dropFirst(schema.sortKeyCount).map { column in
        guard let id = state.origins[column.number],
          column.since <= generation(of: SampleTable.load(ofRow: id), in: table.number)
        else { return column.absent }
        return column.value(table.bits(of: id), id)
      }
  }

  /// The newest rows that readers see; nil when that is not known.
  func visibleKeyedRows(of table: SampleTable, in schema: SampleSchema) -> [[Value]]? {
    var rows: [[Value]] = []
    for (bucket, version) in versions(of: table.number).enumerated() {
      let states = keyedStates(of: table, bucket: bucket, at: version)
      for key in states.keys.sorted() {
        guard let known = states[key], known.count == 1, let state = known.first else {
          return nil
        }
        if !state.isDeletion { rows.append(row(of: key, state, of: table, in: schema)) }
      }
    }
    return rows
  }

  /// Rows that a copy of the store may have: of unique keys those that readers see, and any number
  /// of older ones.
  func storedRowCounts(of tables: [SampleTable]) -> ClosedRange<Int> {
    var least = 0
    var most = 0
    for table in tables where histories[table.number] != nil {
      let all = (histories[table.number] ?? []).joined().reduce(0) { $0 + $1.rowCount }
      most += all
      guard table.keys != nil else {
        least += all
        continue
      }
      for (bucket, version) in versions(of: table.number).enumerated() {
        least += keyedStates(of: table, bucket: bucket, at: version).values
          .count { !$0.contains(where: \.isDeletion) }
      }
    }
    return least...most
  }
}

import ScanKernels
import StorageBase
import TabletEngine

// Loads that give some columns of rows, and the rest of which comes from what there is.
extension Simulation {
  private var updatableTables: [SampleTable] { knownTables.filter(canUpdate) }

  func canUpdate(_ table: SampleTable) -> Bool {
    table.definition.uniqueKeys?.merge == .onWrite
  }

  /// A partial load that is committed at once.
  func updatePartially() throws {
    guard mayTakeTurns, let prepared = try encodeUpdate() else { return }
    try commit(prepared)
    trace.note("partial load", "\(prepared.change.number)")
  }

  /// A partial load that others overtake.
  func preparePartially() throws {
    guard prepared.count < 3, let next = try encodeUpdate() else { return }
    prepared.append(next)
    trace.note("partial load prepared", "\(next.change.number)")
  }

  private func encodeUpdate() throws -> PreparedChange? {
    guard let store = world.store, !updatableTables.isEmpty else { return nil }
    let table = updatableTables[random.index(of: updatableTables)]
    // Rows of new keys tell whether the load is there, so one that refuses them has a label.
    let isRefusing = random.next() % 5 == 0
    let number = takeNumber()
    let label = isRefusing ? "update \(number)" : someLabel()
    oracle.writes(number, into: table)
    let update = makeUpdate(of: table, number, withoutNewKeys: isRefusing)
    var change = Oracle.Change(number: number, parts: [update.part(of: table)])
    let builder: PartialLoadBuilder
    do {
      builder = try begin(update, of: table, in: store, isRefusing: isRefusing, label: label)
    } catch {
      try notBegun(error, label: label)
      return nil
    }
    change.transaction = builder.transaction
    try begun(builder.transaction, label: label, change)
    do {
      try append(update, of: table, to: builder, in: store)
      return PreparedChange(
        load: try builder.prepare(), change: change, mayBeRefused: isRefusing)
    } catch {
      givenUp(builder.transaction)
      if isRefusing, isRefusal(error) {
        trace.note("new keys refused", "\(number)")
        return nil
      }
      try excuse(error, "prepare", "\(number)")
      return nil
    }
  }

  /// A partial load of one table as a part of a load of several.
  func makeUpdateRows(of table: SampleTable, _ number: Int) -> TransactionRows {
    oracle.writes(number, into: table)
    let update = makeUpdate(of: table, number, withoutNewKeys: false)
    return TransactionRows(part: update.part(of: table)) { transaction, store in
      let builder =
        update.isFlexible
        ? try transaction.flexibleBuilder(for: table.name)
        : try transaction.partialBuilder(
          for: table.name, updating: self.names(of: update, table))
      try self.append(update, of: table, to: builder, in: store)
    }
  }

  /// What the rows of a partial load give.
  private struct Update {
    let number: Int
    let ids: [Int]
    /// The numbers of columns, in the order of the client; of a flexible load all columns.
    let columns: [Int]
    /// By row, the numbers of the columns that it gives.
    let given: [Set<Int>]
    let isFlexible: Bool

    func part(of table: SampleTable) -> Oracle.Change.Part {
      let index = Dictionary(uniqueKeysWithValues: zip(ids, given))
      let rows = table.rowsByBucket(ids) { id in
        guard let keys = table.keys else { preconditionFailure("a table with unique keys") }
        return keys.row(
          table.bits(of: id), id, isDeletion: table.isDeletion(id), given: index[id])
      }
      return Oracle.Change.Part(
        table: table.number, load: number, rowCount: ids.count, digests: table.digests(ids: ids),
        keyed: rows.map { .partial($0) })
    }
  }

  private func makeUpdate(
    of table: SampleTable, _ number: Int, withoutNewKeys: Bool
  ) -> Update {
    let rowCount = Int(random.next() % 20)
    var ids = Array(SampleTable.ids(load: number, rowCount: rowCount))
    if withoutNewKeys { ids.removeAll { table.stays($0) } }
    let schema = oracle.schema(of: table)
    let keys = schema.columns[..<schema.sortKeyCount].map(\.number)
    let values = schema.columns[schema.sortKeyCount...].map(\.number)
    func someValues() -> [Int] { values.filter { _ in random.next() % 2 == 0 } }
    guard random.next() % 2 == 0 else {
      let columns = (keys + someValues()).shuffled(using: &random)
      return Update(
        number: number, ids: ids, columns: columns,
        given: ids.map { _ in Set(columns) }, isFlexible: false)
    }
    return Update(
      number: number, ids: ids, columns: keys + values,
      given: ids.map { _ in Set(keys + someValues()) }, isFlexible: true)
  }

  private func begin(
    _ update: Update, of table: SampleTable, in store: Store, isRefusing: Bool, label: String
  ) throws -> PartialLoadBuilder {
    let newKeys: PartialUpdate.NewKeys = isRefusing ? .refuse : .insertDefaults
    guard !update.isFlexible else {
      return try store.beginFlexibleLoad(into: table.name, onNewKey: newKeys, label: label)
    }
    return try store.beginPartialLoad(
      into: table.name, updating: names(of: update, table), onNewKey: newKeys, label: label)
  }

  private func names(of update: Update, _ table: SampleTable) -> [String] {
    let columns = oracle.schema(of: table).columns
    return update.columns.compactMap { number in columns.first { $0.number == number }?.name }
  }

  private func append(
    _ update: Update, of table: SampleTable, to builder: PartialLoadBuilder, in store: Store
  ) throws {
    let definition = try store.snapshot(of: table.name).definition
    let schema = try oracle.schema(of: table, as: definition)
    let columns = update.columns.compactMap { number in
      schema.columns.firstIndex { $0.number == number }
        .map { (definition.schema.columns[$0], schema.columns[$0]) }
    }
    // In two batches, so that rows of a key are in different ones.
    let half = update.ids.count / 2
    for rows in [0..<half, half..<update.ids.count] {
      let ids = Array(update.ids[rows])
      let batch = try table.batch(ids: ids, columns, sortKeyCount: 1)
      let signs = table.deleteSigns(ids: ids)
      guard update.isFlexible else {
        try builder.append(batch, deleteSigns: signs)
        continue
      }
      let given = columns.enumerated().map { position, column -> Bitmap? in
        guard position >= schema.sortKeyCount else { return nil }
        let bitmap = Bitmap(count: ids.count)
        for (row, given) in update.given[rows].enumerated()
        where given.contains(column.1.number) {
          bitmap.set(row)
        }
        return bitmap
      }
      try builder.append(batch, given: given, deleteSigns: signs)
    }
  }

  /// Whether a partial load says that the table has no row of a key.
  func isRefusal(_ error: any Error) -> Bool {
    if case StorageError.invalidArgument(_, _, let reason) = error {
      return reason.contains("new keys are refused")
    }
    return false
  }
}

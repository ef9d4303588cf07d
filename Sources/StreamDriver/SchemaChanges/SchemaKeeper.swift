import StorageBase
import Synchronization
import TabletEngine

/// Keeps what a stream knows of the changes of its columns. Thread-safe; decisions are the
/// coordinator's alone.
///
/// A partition waits at a change until the next checkpoint, which has the rows before it, and says
/// what is to become of the tables; once it is on disk the tables are altered, and the partition
/// goes on. So rows before and behind a change never meet in a load, and a change that a crash
/// interrupted is known by the version of the table's schema: it is made up for, once.
final class SchemaKeeper: Sendable {
  let spec: SchemaChangeSpec
  private let first: RowColumns
  private let parts: PipelineParts
  private let tables: any TableCatalogue
  private let state = Mutex(SchemaHistory())

  /// - Parameter first: the columns of the rows at the beginning.
  init(
    _ spec: SchemaChangeSpec, columns first: RowColumns, parts: PipelineParts,
    tables: any TableCatalogue
  ) {
    self.spec = spec
    self.first = first
    self.parts = parts
    self.tables = tables
  }

  // MARK: What writers ask

  /// What is called what in a table; nil where names are those of the pipeline.
  func binding(of table: String) -> [String: ColumnID]? { state.withLock { $0.bindings[table] } }

  /// How many changes the tables have had.
  var appliedCount: Int { state.withLock { $0.appliedCount } }

  /// Of a partition as far as it has been read, and the number of changes that a load must know of
  /// to take its rows.
  func columns(of partition: String) throws -> (columns: RowColumns, changeCount: Int) {
    let history = state.withLock { $0 }
    return (
      try history.columns(of: partition, from: first), history.views[partition]?.max() ?? 0
    )
  }

  // MARK: The state

  func expect(_ partitions: [String]) { state.withLock { $0.expect(partitions) } }

  /// Nil while there is nothing to remember.
  func encoded() -> [UInt8]? {
    let history = state.withLock { $0 }
    return history.entries.isEmpty ? nil : history.encoded()
  }

  /// Goes on from a checkpoint, and makes up for what a crash has interrupted.
  /// - Throws: `StorageError.corrupt`; `.invalidArgument` when the mapping is not what it was;
  ///   `.damaged` for a table that has changed otherwise.
  /// - Parameters:
  ///   - bytes: nil for a checkpoint without changes.
  ///   - before: partitions it knows of.
  ///   - partitions: those there are now.
  func restore(_ bytes: [UInt8]?, before: [String], partitions: [String]) throws {
    var history = SchemaHistory()
    if let bytes { history = try SchemaHistory(decoding: bytes) }
    for name in before where history.views[name] == nil { history.views[name] = [] }
    history.expect(partitions)
    for partition in history.views.keys {
      do {
        _ = try history.columns(of: partition, from: first)
      } catch {
        throw StorageError.invalidArgument(
          name: "mapping", value: partition,
          reason: """
            it does not go with the changes of columns since the beginning (\(error)): leave it \
            as it was then, changes are kept in the checkpoints
            """)
      }
    }
    state.withLock { $0 = history }
    _ = try applyDecided()
    let known = Set(history.bindings.keys)
    _ = try parts.router(tables, requiring: { !known.contains($0) })
  }

  // MARK: Decisions

  /// Decides what becomes of a change; it is not done before `applyDecided`.
  /// - Throws: why it cannot be applied, where that ends the stream.
  func decide(_ event: SchemaEvent, of partition: String) throws -> SchemaAnswer {
    var history = state.withLock { $0 }
    do {
      try take(event, of: partition, into: &history)
    } catch {
      guard spec.refused == .divert else { throw refusal(event, partition, "\(error)") }
      return .refused("\(error)")
    }
    let next = history
    state.withLock { $0 = next }
    return .accepted
  }

  /// The error that ends a stream at a change.
  func refusal(_ event: SchemaEvent, _ partition: String, _ reason: String) -> StorageError {
    StorageError.invalidArgument(
      name: "schema change in \(partition)", value: event.text, reason: reason)
  }

  /// Does what has been decided, as far as it has not been done.
  /// - Returns: what was done, in words.
  func applyDecided() throws -> [String] {
    let history = state.withLock { $0 }
    var done: [String] = []
    for entry in history.entries[history.appliedCount...] {
      for alteration in entry.alterations {
        let found = try tables.definition(of: alteration.table)?.schemaVersion
        guard let found, found >= alteration.version else {
          throw StorageError.damaged(
            path: "table \(alteration.table)",
            problems: [
              "its schema has version \(found.map { "\($0)" } ?? "none"), the stream has seen "
                + "\(alteration.version)"
            ],
            remedy: "bring the store back that belongs to the checkpoint, or begin again")
        }
        guard found == alteration.version else { continue }
        try tables.alter(alteration.table, alteration.changes)
        done += alteration.changes.map { "table \(alteration.table): \($0.words)" }
      }
    }
    state.withLock { $0.appliedCount = history.entries.count }
    return done
  }

  private func take(
    _ event: SchemaEvent, of partition: String, into history: inout SchemaHistory
  ) throws {
    var columns = try history.columns(of: partition, from: first)
    let changes = try event.changes(of: columns)
    guard !changes.isEmpty else { return }
    if let number = history.twin(of: event.id, changes, for: partition) {
      for change in history.entries[number - 1].changes {
        try columns.apply(change.change, as: change.name)
      }
      try parts.with(source: columns.schema()).check(tables)
      history.views[partition, default: []].append(number)
      return
    }
    var entry = SchemaHistory.Entry(id: event.id, changes: [], alterations: [])
    var drafts = try parts.followingTables.map { try draft(of: $0, history) }
    for change in changes {
      let added = try apply(change, to: &columns, history, entry, &drafts)
      entry.changes.append(SchemaHistory.Change(change: change, name: added))
    }
    try parts.with(source: columns.schema()).check(tables)
    entry.alterations = drafts.compactMap(\.alteration)
    for draft in drafts { history.bindings[draft.definition.name] = draft.binding }
    history.entries.append(entry)
    history.views[partition, default: []].append(history.entries.count)
  }

  /// - Returns: what the pipeline calls the column that was added; nil for none.
  private func apply(
    _ change: SchemaChange, to columns: inout RowColumns, _ history: SchemaHistory,
    _ entry: SchemaHistory.Entry, _ drafts: inout [TableDraft]
  ) throws -> String? {
    var added: String?
    var names: [String] = []
    switch change {
    case .addColumn(let name, _, _, _, _):
      let taken = history.names.union(entry.changes.compactMap(\.name)).union(parts.names)
      added = Self.free(name, taken)
      names = added.map { [$0] } ?? []
    case .dropColumn(let name), .renameColumn(let name, _), .widenColumn(let name, _),
      .makeNullable(let name):
      names = columns.places(of: name).map { columns.columns[$0].name }
    }
    if case .dropColumn = change {
      // The table knows the better reason.
      for draft in drafts { try draft.requireDroppable(names) }
    }
    try columns.apply(change, as: added)
    let next = try parts.with(source: columns.schema())
    for place in drafts.indices {
      let rows = try next.rows(of: drafts[place].definition.name)
      try drafts[place].apply(change, to: names, rows: rows)
    }
    return added
  }

  private static func free(_ name: String, _ taken: Set<String>) -> String {
    var (candidate, number) = (name, 1)
    while taken.contains(candidate) {
      number += 1
      candidate = "\(name)_\(number)"
    }
    return candidate
  }

  private func draft(of table: String, _ history: SchemaHistory) throws -> TableDraft {
    guard var definition = try tables.definition(of: table) else {
      throw StorageError.unknownName(kind: "table", name: table, known: parts.followingTables)
    }
    for entry in history.entries[history.appliedCount...] {
      for alteration in entry.alterations where alteration.table == table {
        definition = try definition.altered(by: alteration.changes)
      }
    }
    return TableDraft(
      definition, binding: history.bindings[table], rows: try parts.rows(of: table))
  }
}

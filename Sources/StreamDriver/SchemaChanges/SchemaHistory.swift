import StorageBase
import TabletEngine

/// The changes of columns that a stream has met, and what they made of its tables: a part of its
/// state. A value.
package struct SchemaHistory: Hashable, Sendable {
  /// Changes that came together, in one event.
  struct Entry: Hashable, Sendable {
    /// Of the event; nil for none.
    var id: String?
    var changes: [Change]
    var alterations: [Alteration]
  }

  /// Of the columns of rows.
  struct Change: Hashable, Sendable {
    var change: SchemaChange
    /// What the pipeline calls a column that is added; nil for other changes.
    var name: String?
  }

  /// Of a table.
  struct Alteration: Hashable, Sendable {
    var table: String
    /// Of the table's schema before; once it is greater, this has been done.
    var version: Int
    var changes: [SchemaChange]
  }

  /// Numbered from 1, in the order in which they came.
  var entries: [Entry] = []
  /// Of the entries, those whose alterations are known to have been done.
  var appliedCount = 0
  /// By partition, the numbers of the entries behind which it is read, in the order in which it had
  /// them.
  var views: [String: [Int]] = [:]
  /// By table, which of its columns are which of the pipeline: of tables that have been altered,
  /// as their columns may be called otherwise now.
  var bindings: [String: [String: ColumnID]] = [:]

  package init() {}

  /// Partitions that have begun.
  package var partitions: [String] { views.keys.sorted() }

  /// The columns of a partition's rows as far as it has been read.
  package func columns(of partition: String, from first: RowColumns) throws -> RowColumns {
    var columns = first
    for number in views[partition] ?? [] {
      for change in entries[number - 1].changes {
        try columns.apply(change.change, as: change.name)
      }
    }
    return columns
  }

  /// Gives partitions that have come the columns of the one that is furthest.
  mutating func expect(_ partitions: [String]) {
    let furthest = views.values.max { $0.count < $1.count } ?? []
    for name in partitions where views[name] == nil { views[name] = furthest }
  }

  /// The number of an entry that another partition has had and this one has not: the same change,
  /// told again.
  func twin(
    of id: String?, _ changes: [SchemaChange], for partition: String
  ) -> Int? {
    let passed = Set(views[partition] ?? [])
    return entries.indices.map { $0 + 1 }.first { number in
      let entry = entries[number - 1]
      guard !passed.contains(number) else { return false }
      return id != nil && entry.id != nil ? entry.id == id : entry.changes.map(\.change) == changes
    }
  }

  /// Names that columns have had.
  var names: Set<String> { Set(entries.flatMap { $0.changes.compactMap(\.name) }) }
}

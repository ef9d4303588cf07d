import StorageBase
import TabletModel

/// The rowsets of a pre-committed load, by tablet; they have no versions yet.
struct PendingLoad: Sendable {
  let parts: [(tablet: TabletID, rowset: Rowset)]
  /// By part, of tables with a key index; not known after a restart.
  var keys: [PartKeys] = []
  /// By tablet, of rows that are to be completed first: the deltas of its rowset are what was
  /// given. None for whole rows.
  var terms: [TabletID: PartialTerms] = [:]

  /// Whether some of its rows are to be completed first.
  var isPartial: Bool { !terms.isEmpty }
}

/// All tables of a store at one moment. A value: the commit path builds the next one beside the
/// current one and swaps, so that a commit over several tablets and tables is seen whole.
struct Catalogue: Sendable {
  private(set) var tables: [TableID: TableSnapshot] = [:]
  private var tableIDs: [String: TableID] = [:]
  private var homes: [TabletID: (table: TableID, bucket: Int)] = [:]
  /// Rows of pre-committed loads, invisible.
  var pending: [TransactionID: PendingLoad] = [:]
  /// Numbers the commits of the store, from 1.
  var commitSequence: UInt64 = 0
  var nextTableID: UInt32 = 1
  var nextTabletID: UInt64 = 1

  /// In the order they were created.
  var orderedTables: [TableSnapshot] { tables.values.sorted { $0.id < $1.id } }

  subscript(name: String) -> TableSnapshot? { tableIDs[name].flatMap { tables[$0] } }

  func requireTable(_ name: String) throws -> TableSnapshot {
    if let table = self[name] { return table }
    throw StorageError.unknownName(kind: "table", name: name, known: tableIDs.keys.sorted())
  }

  func tablet(_ id: TabletID) -> TabletSnapshot? {
    homes[id].flatMap { tables[$0.table]?.tablets[$0.bucket] }
  }

  func table(of tablet: TabletID) -> TableSnapshot? {
    homes[tablet].flatMap { tables[$0.table] }
  }

  /// All rowsets there are: visible, stale, and waiting for a decision.
  var allRowsets: [Rowset] {
    orderedTables.flatMap(\.tablets).flatMap { $0.allRowsets }
      + pending.values.flatMap { $0.parts.map(\.rowset) }
  }

  /// Publishes the rowsets of a load as the next versions of their tablets.
  /// - Throws: `EditRefusal` when one does not fit.
  mutating func publish(
    _ parts: [(tablet: TabletID, rowset: Rowset)], sequence: UInt64
  ) throws -> [TabletID: Version] {
    var versions: [TabletID: Version] = [:]
    for part in parts {
      try apply(
        .publish(part.rowset.meta.entry, sequence: sequence), to: part.tablet, added: part.rowset)
      versions[part.tablet] = part.rowset.summary.versions.last
    }
    commitSequence = sequence
    return versions
  }

  /// - Throws: `EditRefusal` when there is no such tablet.
  func requireTablet(_ id: TabletID) throws(EditRefusal) -> TabletSnapshot {
    if let tablet = tablet(id) { return tablet }
    throw EditRefusal("there is no tablet \(id)")
  }

  /// - Throws: `EditRefusal` when there is a table of that id or name, or one of its tablets.
  mutating func addNew(_ table: TableSnapshot) throws(EditRefusal) {
    let tablets = table.tablets.map(\.id)
    guard tables[table.id] == nil, tableIDs[table.definition.name] == nil else {
      throw EditRefusal("table \(table.id) (\(table.definition.name)) exists already")
    }
    guard Set(tablets).count == tablets.count, tablets.allSatisfy({ homes[$0] == nil }) else {
      throw EditRefusal("a tablet of table \(table.id) exists already")
    }
    add(table)
  }

  mutating func add(_ table: TableSnapshot) {
    tables[table.id] = table
    tableIDs[table.definition.name] = table.id
    for (bucket, tablet) in table.tablets.enumerated() { homes[tablet.id] = (table.id, bucket) }
    nextTableID = max(nextTableID, table.id.rawValue + 1)
    nextTabletID = max(nextTabletID, (table.tablets.map(\.id.rawValue).max() ?? 0) + 1)
  }

  /// Carries out `edit` on a tablet.
  /// - Throws: `EditRefusal` when the tablet is unknown or the edit does not fit.
  mutating func apply(_ edit: TabletEdit, to tablet: TabletID, added: Rowset?) throws {
    guard let home = homes[tablet], let table = tables[home.table] else {
      throw EditRefusal("there is no tablet \(tablet)")
    }
    let next = try table.tablets[home.bucket].applying(edit, added: added)
    tables[home.table] = table.replacing(next, bucket: home.bucket)
  }

  /// Carries out a repair of a tablet that brings in `added`.
  /// - Throws: `EditRefusal` when the tablet is unknown or the repair does not fit.
  mutating func apply(_ repair: TabletRepair, to tablet: TabletID, added: [Rowset]) throws {
    guard let home = homes[tablet], let table = tables[home.table] else {
      throw EditRefusal("there is no tablet \(tablet)")
    }
    let next = try table.tablets[home.bucket].applying(repair, added: added)
    tables[home.table] = table.replacing(next, bucket: home.bucket)
  }
}

import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// A table whose schema changes at random beside loads, compactions and restarts, and a model of
/// it: rows as dictionaries by column id.
struct AlteredTable {
  typealias Row = [ColumnID: Value]

  private var table: IndexedTable
  /// What rows have in columns that were added after them.
  private var defaults: [ColumnID: Value] = [:]
  private var knownIDs: Set<ColumnID>
  private var visible: [Row]
  /// Loads that were begun or prepared and are not committed.
  private var begun: [(builder: LoadBuilder, batch: ColumnBatch, rows: [Row])] = []
  private var prepared: [(load: PreparedLoad, rows: [Row])] = []
  private var precommitted: [(label: String, rows: [Row])] = []
  private var promised: [Row] = []
  private var labelCount = 0
  private(set) var alterCount = 0

  init(_ cases: inout RandomCases) throws {
    table = try IndexedTable(&cases)
    visible = []
    knownIDs = Set(table.definition.schema.columns.map(\.id))
  }

  var store: Store { table.store }
  var snapshot: TableSnapshot { get throws { try table.snapshot } }
  private var schema: Schema { get throws { try snapshot.definition.schema } }

  var oracle: RowOracle {
    get throws {
      let definition = try snapshot.definition
      return RowOracle(
        schema: definition.schema, rows: visible.map { cells(of: $0, definition.schema) },
        indexes: Dictionary(
          uniqueKeysWithValues: definition.indexes.map { ($0.column, $0.options) }))
    }
  }

  private func cells(of row: Row, _ schema: Schema) -> [Value] {
    schema.columns.map { row[$0.id] ?? defaults[$0.id] ?? .string("no such cell") }
  }

  mutating func change(_ cases: inout RandomCases) throws {
    switch cases.below(12) {
    case 0, 1: try compact()
    case 2:
      if cases.chance(1, in: 2) { try store.checkpoint() }
      begun.removeAll()
      prepared.removeAll()
      try table.reopen()
    case 3, 4, 5: try alter(&cases)
    case 6: try begin(&cases)
    case 7: try commit()
    default:
      let (batch, rows) = try rows(&cases)
      try store.load(batch, into: IndexedTable.name)
      visible += rows
    }
  }

  /// Makes everything that waits visible.
  mutating func commit() throws {
    for (builder, batch, rows) in begun {
      try builder.append(batch)
      prepared.append((try builder.prepare(), rows))
    }
    begun.removeAll()
    for (load, rows) in prepared {
      try store.commit(load)
      visible += rows
    }
    prepared.removeAll()
    for (label, rows) in precommitted {
      try store.commit(label: label)
      visible += rows
    }
    precommitted.removeAll()
    try store.flushGroupLoads()
    visible += promised
    promised.removeAll()
  }

  private func rows(_ cases: inout RandomCases) throws -> (ColumnBatch, [Row]) {
    let schema = try schema
    let cells = cases.rows(schema, count: cases.below(40))
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    for row in cells { for (builder, value) in zip(builders, row) { builder.append(value) } }
    let batch = ColumnBatch(
      schema: schema, rowCount: cells.count, columns: builders.map { $0.finish() })
    let ids = schema.columns.map(\.id)
    return (batch, cells.map { Row(uniqueKeysWithValues: zip(ids, $0)) })
  }

  /// Brings a load as far as some step before it is visible.
  private mutating func begin(_ cases: inout RandomCases) throws {
    let (batch, rows) = try rows(&cases)
    switch cases.below(4) {
    case 0: begun.append((try store.beginLoad(into: IndexedTable.name), batch, rows))
    case 1:
      let builder = try store.beginLoad(into: IndexedTable.name)
      try builder.append(batch)
      prepared.append((try builder.prepare(), rows))
    case 2:
      labelCount += 1
      let transaction = try store.begin(label: "load \(labelCount)")
      try transaction.builder(for: IndexedTable.name).append(batch)
      try transaction.precommit()
      precommitted.append(("load \(labelCount)", rows))
    default:
      _ = try store.groupLoad(batch, into: IndexedTable.name, mode: .async)
      promised += rows
    }
  }

  // MARK: Schema changes

  private mutating func alter(_ cases: inout RandomCases) throws {
    let before = try snapshot.definition
    var changes: [SchemaChange] = []
    for _ in 0...cases.pick([0, 0, 0, 1, 2]) { changes.append(Self.change(before.schema, &cases)) }
    do {
      try store.alter(table: IndexedTable.name, changes)
    } catch is StorageError {
      guard try snapshot.definition == before else { throw Disagreement("a refused change") }
      return
    }
    alterCount += 1
    let after = try snapshot.definition
    guard after.schemaVersion == before.schemaVersion + 1 else {
      throw Disagreement("the version of a schema")
    }
    var added: [String: Value] = [:]
    for change in changes {
      if case .addColumn(let name, _, _, let value, _) = change { added[name] = value ?? .null }
    }
    for column in after.schema.columns where before.schema.index(of: column.id) == nil {
      guard knownIDs.insert(column.id).inserted else { throw Disagreement("an id used twice") }
      defaults[column.id] = added[column.name] ?? column.defaultValue
    }
  }

  private static func change(_ schema: Schema, _ cases: inout RandomCases) -> SchemaChange {
    // Most of the sort key is refused.
    let values = schema.columns.dropFirst(cases.chance(1, in: 8) ? 0 : schema.sortKeyCount)
    let column = values.isEmpty ? schema.columns[0] : cases.pick(Array(values))
    let free = (0..<12).map { "c\($0)" }.filter { schema.index(of: $0) == nil }
    if free.isEmpty { return .dropColumn(column.name) }
    switch cases.below(10) {
    case 0, 1, 2, 3:
      let type: DataType = cases.pick([
        .int8, .int16, .int32, .int64, .float, .double, .string, .date, .bool,
        .decimal(precision: 4, scale: 1), .decimal(precision: 20, scale: 2),
      ])
      let isNullable = cases.chance(1, in: 2)
      return .addColumn(
        name: cases.pick(free), type: type, isNullable: isNullable,
        defaultValue: isNullable && cases.chance(1, in: 2) ? nil : cases.value(type),
        after: cases.chance(1, in: 3) ? column.name : nil)
    case 4, 5: return .dropColumn(column.name)
    case 6: return .renameColumn(column.name, to: cases.pick(free))
    case 7: return .makeNullable(column.name)
    default:
      // Where there is nothing to change that is mostly refused.
      let wide = values.filter { $0.type.widerTypes != nil }
      let column = wide.isEmpty ? column : cases.pick(Array(wide))
      return .widenColumn(column.name, to: wider(column.type, &cases))
    }
  }

  private static func wider(_ type: DataType, _ cases: inout RandomCases) -> DataType {
    switch type {
    case .int8: cases.pick([.int16, .int32, .int64] as [DataType])
    case .int16: cases.pick([.int32, .int64] as [DataType])
    case .int32: .int64
    case .float: .double
    case .decimal(let precision, let scale):
      // Sums of more digits need not fit.
      .decimal(precision: min(30, precision + 1 + cases.below(20)), scale: scale)
    default: .int64
    }
  }

  /// A merge leaves nothing of older schemas.
  private func compact() throws {
    let merged = try snapshot.tablets.filter { $0.state.componentCount > 1 }.map(\.id)
    try table.compact()
    let expected = try schema.columns.map { "\($0.id) \($0.name) \($0.type)" }
    for tablet in try snapshot.tablets where merged.contains(tablet.id) {
      for segment in tablet.segments {
        let found = try segment.reader().schema.columns.map { "\($0.id) \($0.name) \($0.type)" }
        guard found == expected else { throw Disagreement("the schema of a merged segment") }
      }
    }
  }

  struct Disagreement: Error {
    let what: String
    init(_ what: String) { self.what = what }
  }
}

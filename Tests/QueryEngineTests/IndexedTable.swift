import InvertedIndex
import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// A table with filters and indexes at random, and everything that was loaded into it.
struct IndexedTable {
  static let name = "t"
  private static let path = "/store"

  let definition: TableDefinition
  private let files = MemoryFileSystem()
  private let options: StoreOptions
  private(set) var store: Store
  private(set) var rows: [[Value]] = []

  init(_ cases: inout RandomCases) throws {
    var schema = try cases.schema()
    // A table without a text would teach little.
    while !schema.columns.contains(where: { $0.type == .string }) { schema = try cases.schema() }
    var filters: [ColumnFilter] = []
    var indexes: [ColumnIndex] = []
    for column in schema.columns {
      if cases.chance(1, in: 3) {
        filters.append(ColumnFilter(column: column.id, falsePositiveRate: 0.1))
      }
      if column.type == .string, cases.chance(1, in: 3) {
        filters.append(ColumnFilter(column: column.id, content: .ngrams(size: cases.pick([2, 3]))))
      }
      if cases.chance(2, in: 3) {
        indexes.append(ColumnIndex(column: column.id, options: Self.options(column, &cases)))
      }
    }
    definition = try TableDefinition(
      name: Self.name, schema: schema, bucketCount: 1 + cases.below(2),
      segmentOptions: SegmentOptions(
        rowsPerPage: cases.pick([4, 16, 100]), filters: filters,
        hasShortKeyIndex: cases.chance(3, in: 4)),
      indexes: indexes)
    options = StoreOptions(
      inlineRowsetByteCountMax: cases.pick([0, 2000, 1 << 16]), staleGraceSeconds: 0,
      segmentRowCountMax: cases.pick([13, 50, 1 << 20]))
    store = try Store.create(
      Self.path, files: files, clock: ManualClock(), entropy: 7, options: options)
    try store.createTable(definition)
  }

  private static func options(_ column: Column, _ cases: inout RandomCases) -> IndexOptions {
    guard column.type == .string else { return IndexOptions() }
    return IndexOptions(
      parser: cases.pick(IndexParser.allCases), lowerCase: cases.chance(1, in: 2),
      supportPhrase: cases.chance(1, in: 2), ignoreAbove: cases.pick([4, 256]))
  }

  var snapshot: TableSnapshot { get throws { try store.snapshot(of: Self.name) } }

  var oracle: RowOracle {
    RowOracle(
      schema: definition.schema, rows: rows,
      indexes: Dictionary(uniqueKeysWithValues: definition.indexes.map { ($0.column, $0.options) }))
  }

  /// Loads rows, compacts, or opens the store again.
  mutating func change(_ cases: inout RandomCases) throws {
    switch cases.below(5) {
    case 0: try compact()
    case 1:
      if cases.chance(1, in: 2) { try store.checkpoint() }
      try reopen()
    default:
      let added = cases.rows(definition.schema, count: cases.below(60))
      let builders = definition.schema.columns.map { ColumnBuilder(type: $0.type) }
      for row in added { for (builder, value) in zip(builders, row) { builder.append(value) } }
      try store.load(
        ColumnBatch(
          schema: definition.schema, rowCount: added.count,
          columns: builders.map { $0.finish() }),
        into: Self.name)
      rows += added
    }
  }

  mutating func reopen() throws {
    // The lock of the store must be free before it is opened again.
    store = try Store.create(
      "/other", files: MemoryFileSystem(), clock: ManualClock(), entropy: 8)
    store = try Store.open(Self.path, files: files, clock: ManualClock(), options: options)
  }

  func compact() throws {
    let scheduler = CompactionScheduler(
      store: store, policy: MergeAll(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
    try store.sweepStaleRowsets()
  }
}

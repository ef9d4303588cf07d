import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// A unique-key table of random shape, and random statements about it.
struct KeyedTable {
  static let name = "t"
  private static let path = "/store"

  let definition: TableDefinition
  private let files = MemoryFileSystem()
  private let options: StoreOptions
  private(set) var store: Store
  /// Rows as they were loaded, those included that others have replaced.
  private(set) var loaded: [[Value]] = []

  init(_ cases: inout RandomCases) throws {
    var columns: [Column] = []
    while columns.count < 2 { columns = try cases.schema().columns }
    let schema = try Schema(
      columns: columns, sortKeyCount: cases.pick([1, 1, min(2, columns.count)]),
      keysModel: .unique)
    let rowStore: StoredRows? =
      cases.pick([nil, .all, .columns(columns.filter { _ in cases.chance(1, in: 2) }.map(\.id))])
    definition = try TableDefinition(
      name: Self.name, schema: schema, bucketCount: cases.pick([1, 3]),
      segmentOptions: SegmentOptions(rowsPerPage: cases.pick([4, 16, 100])),
      uniqueKeys: UniqueKeyOptions(index: cases.pick([.hash, .sorted])),
      rowStore: rowStore == .columns([]) ? nil : rowStore)
    options = StoreOptions(
      inlineRowsetByteCountMax: cases.pick([0, 1 << 16]), staleGraceSeconds: 0,
      segmentRowCountMax: cases.pick([13, 1 << 20]))
    store = try Store.create(
      Self.path, files: files, clock: ManualClock(), entropy: 7, options: options)
    try store.createTable(definition)
  }

  var snapshot: TableSnapshot { get throws { try store.snapshot(of: Self.name) } }

  /// Loads rows, some of them for keys that are there and some deletions, compacts, or opens the
  /// store again.
  mutating func change(_ cases: inout RandomCases) throws {
    switch cases.below(5) {
    case 0:
      let scheduler = CompactionScheduler(
        store: store, policy: MergeAll(),
        lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
      scheduler.start()
      scheduler.stop(cancelRunning: false)
      try store.sweepStaleRowsets()
    case 1:
      // The lock of the store must be free before it is opened again.
      store = try Store.create(
        "/other", files: MemoryFileSystem(), clock: ManualClock(), entropy: 8)
      store = try Store.open(Self.path, files: files, clock: ManualClock(), options: options)
    default:
      let added = cases.rows(definition.schema, count: cases.below(60))
      let builders = definition.schema.columns.map { ColumnBuilder(type: $0.type) }
      for row in added { for (builder, value) in zip(builders, row) { builder.append(value) } }
      let signs = Bitmap(count: added.count)
      for row in added.indices where cases.chance(1, in: 8) { signs.set(row) }
      let builder = try store.beginLoad(into: Self.name)
      try builder.append(
        ColumnBatch(
          schema: definition.schema, rowCount: added.count, columns: builders.map { $0.finish() }),
        deleteSigns: signs.setCount == 0 ? nil : signs)
      _ = try store.commit(builder.prepare())
      loaded += added
    }
  }

  /// A condition that holds every key column to one value or some.
  func keyCondition(_ cases: inout RandomCases) -> Predicate {
    let known = loaded.isEmpty ? cases.rows(definition.schema, count: 1) : loaded
    let columns = definition.schema.columns[..<definition.schema.sortKeyCount]
    return columns.enumerated().map { position, column -> Predicate in
      func value() -> Value {
        cases.chance(1, in: 5) ? cases.value(column.type) : cases.pick(known)[position]
      }
      func one() -> Predicate {
        let value = value()
        return value.isNull
          ? .isNull(column.name) : .compare(column.name, .equal, .stored(value))
      }
      switch cases.below(4) {
      case 0:
        return .isOneOf(
          column.name,
          (0..<cases.pick([0, 1, 3, 20])).map { _ in .stored(value()) })
      case 1: return one() || one()
      default: return one()
      }
    }.reduce(cases.chance(1, in: 2) ? cases.predicate(definition.schema) : .and([])) { $0 && $1 }
  }
}

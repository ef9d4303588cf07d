import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

@testable import TabletEngine

/// A small table of orders, and the means to fill and read it.
enum TestStore {
  static let path = "/store"
  static let tableName = "orders"

  static func schema() throws -> Schema {
    try Schema(
      [
        ("user_id", .int64, false), ("at", .datetime, false), ("status", .string, true),
        ("amount", .decimal(precision: 12, scale: 2), false), ("note", .string, false),
      ], sortKeyCount: 2)
  }

  static func definition(buckets: Int = 3, rowsPerPage: Int = 16) throws -> TableDefinition {
    try TableDefinition(
      name: tableName, schema: schema(), bucketCount: buckets,
      segmentOptions: SegmentOptions(rowsPerPage: rowsPerPage))
  }

  /// With filters and inverted indexes on several kinds of columns.
  static func indexedDefinition(buckets: Int = 3, rowsPerPage: Int = 16) throws -> TableDefinition {
    let schema = try schema()
    let ids = schema.columns.map(\.id)
    return try TableDefinition(
      name: tableName, schema: schema, bucketCount: buckets,
      segmentOptions: SegmentOptions(
        rowsPerPage: rowsPerPage,
        filters: [
          ColumnFilter(column: ids[3], falsePositiveRate: 0.05),
          ColumnFilter(column: ids[4], content: .ngrams(size: 3)),
        ]),
      indexes: [
        ColumnIndex(column: ids[2], options: IndexOptions(parser: .keyword)),
        ColumnIndex(column: ids[3]),
        ColumnIndex(column: ids[4], options: IndexOptions(parser: .english)),
      ])
  }

  /// Options under which a log file ends where its frames do while it is being written.
  static var unreserved: StoreOptions {
    var options = StoreOptions()
    options.logReservedByteCountMax = 0
    return options
  }

  /// A new store with an empty table.
  static func create(
    _ files: any FileSystem, options: StoreOptions = StoreOptions(), buckets: Int = 3
  ) throws -> Store {
    let store = try Store.create(
      path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: options)
    try store.createTable(definition(buckets: buckets))
    return store
  }

  static func open(
    _ files: any FileSystem, options: StoreOptions = StoreOptions(), path: String = path
  ) throws -> Store {
    try Store.open(
      path, files: files, clock: ManualClock(Timestamp(rawValue: 2_000_000)), options: options)
  }

  typealias Row = [Value]

  /// Rows that are told apart by `load` and their ordinal.
  static func rows(load: Int, count: Int, random: inout SeededGenerator) -> [Row] {
    (0..<count).map { ordinal in
      [
        .integer(Int128(random.next() % 50)), .integer(Int128(random.next() % 1000)),
        random.next() % 4 == 0
          ? .null : .string(["paid", "shipped", "new"][Int(random.next() % 3)]),
        .integer(Int128(random.next() % 100_000)), .string("load \(load) row \(ordinal)"),
      ]
    }
  }

  static func batch(_ rows: [Row]) throws -> ColumnBatch {
    let schema = try schema()
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    for row in rows {
      for (builder, value) in zip(builders, row) { builder.append(value) }
    }
    return ColumnBatch(schema: schema, rowCount: rows.count, columns: builders.map { $0.finish() })
  }

  /// All visible rows, sorted so that they can be compared as a set.
  static func contents(of store: Store) throws -> [Row] {
    let tablets = try store.snapshot(of: tableName).tablets
    return sorted(try rows(of: tablets.flatMap(\.segments)))
  }

  /// The rows of some segments, in their order.
  static func rows(of segments: [RowsetSegment]) throws -> [Row] {
    var rows: [Row] = []
    var work = PageWork()
    for segment in segments {
      let reader = try segment.reader()
      for page in 0..<reader.pageCount {
        let columns = try reader.schema.columns.indices.map {
          try reader.readPage(column: $0, page: page, work: &work)
        }
        for row in 0..<reader.rowRange(ofPage: page).count {
          rows.append(columns.map { $0[row] })
        }
      }
    }
    return rows
  }

  /// Files of segments there are, of rowsets in use or not.
  static func segmentFileCount(_ files: any FileSystem, _ store: Store) throws -> Int {
    try store.snapshot().flatMap(\.tablets).reduce(0) { count, tablet in
      let folder = store.layout.tabletDirectory(tablet.id)
      guard try files.exists(folder) else { return count }
      return count + (try files.listDirectory(folder).count { $0.hasSuffix(".seg") })
    }
  }

  static func sorted(_ rows: [Row]) -> [Row] {
    rows.sorted { a, b in
      for (x, y) in zip(a, b) where x != y { return x.precedes(y) }
      return false
    }
  }
}

/// Merges everything as soon as there are more than `threshold` components.
struct EagerPolicy: CompactionPolicy {
  var threshold = 3

  var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "single run", granularity: "whole tablet", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let components = facts.components
    guard components.count > threshold, facts.inFlight.isEmpty,
      facts.allowedKinds.contains(.cumulative),
      let first = components.first, let last = components.last
    else { return .wait(until: nil, because: "few components") }
    let range = VersionRange(first.versions.first, last.versions.last)
    let pick = CompactionPick(
      kind: .cumulative, versions: range, urgency: Double(components.count))
    return .compact([pick], because: "\(components.count) components")
  }
}

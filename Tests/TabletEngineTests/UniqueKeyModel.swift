import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

@testable import TabletEngine

/// A unique-key table and what it has to hold: the oracle is a dictionary, kept for every version
/// of the store.
struct UniqueKeyModel {
  /// One way to build the table; all have to read the same.
  struct Shape: CustomStringConvertible {
    var merge = UniqueKeyOptions.Merge.onWrite
    var index = UniqueKeyOptions.Index.hash
    var hasSequence = false
    var hasDeletions = true
    var hasStringKey = false
    var buckets = 1
    var rowStore: StoredRows?
    var partialUpdates = PartialUpdate.Strategy.rewrite
    var rowStoreCompression = Compression.none

    var description: String {
      "\(merge.rawValue) \(index.rawValue)\(hasSequence ? " sequence" : "")"
        + (hasDeletions ? "" : " kept")
        + "\(hasStringKey ? " strings" : "") \(buckets)"
        + "\(rowStore.map { " rows \($0.text)" } ?? "")"
        + (partialUpdates == .delta ? " delta" : "")
        + (rowStoreCompression == .none ? "" : " \(rowStoreCompression)")
    }
  }

  typealias Row = [Value]
  static let table = "states"
  let shape: Shape
  /// The row of each key; a deletion has the sequence only.
  private(set) var rows: [Row: (row: Row?, sequence: Int128)] = [:]
  /// By commit, what was visible.
  private(set) var history: [UInt64: [Row]] = [0: []]

  init(_ shape: Shape) { self.shape = shape }

  static func definition(_ shape: Shape) throws -> TableDefinition {
    let columns: [(String, DataType, Bool, Value?)] =
      shape.hasStringKey
      ? [("name", .string, true, nil), ("number", .int32, false, nil)]
      : [("id", .int64, false, nil)]
    let values: [(String, DataType, Bool, Value?)] = [
      ("moment", .int32, false, defaults[0]), ("state", .string, true, nil),
      ("amount", .int64, false, defaults[2]),
    ]
    let schema = try Schema(
      columns: (columns + values).enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.0, type: column.1,
          isNullable: column.2, defaultValue: column.3)
      }, sortKeyCount: columns.count, keysModel: .unique)
    return try TableDefinition(
      name: table, schema: schema, bucketCount: shape.buckets,
      segmentOptions: SegmentOptions(rowsPerPage: 8), indexes: indexes(shape, schema),
      uniqueKeys: UniqueKeyOptions(
        merge: shape.merge, index: shape.index,
        sequenceColumn: shape.hasSequence ? "moment" : nil,
        partialUpdates: shape.partialUpdates),
      rowStore: shape.rowStore, rowStoreCompression: shape.rowStoreCompression)
  }

  /// Of those shapes whose values change in place.
  private static func indexes(_ shape: Shape, _ schema: Schema) -> [ColumnIndex] {
    guard shape.partialUpdates == .delta,
      let column = schema.columns.last(where: { $0.type == .string })
    else { return [] }
    return [ColumnIndex(column: column.id, options: IndexOptions(parser: .english))]
  }

  /// What value columns hold that nobody has given.
  static let defaults: Row = [.integer(3), .null, .integer(7)]

  var keyCount: Int { shape.hasStringKey ? 2 : 1 }

  struct Load {
    let batch: ColumnBatch
    let deleteSigns: Bitmap?
    let rows: [(row: Row, isDelete: Bool)]
  }

  /// Rows of few keys, some of them deletions.
  func makeLoad(_ number: Int, _ random: inout SeededGenerator) throws -> Load {
    let count = Int(random.next() % 30)
    let rows = (0..<count).map { ordinal -> (row: Row, isDelete: Bool) in
      let key = random.next() % 40
      let keys: Row =
        shape.hasStringKey
        ? [key % 7 == 0 ? .null : .string("k\(key % 7)"), .integer(Int128(key / 7))]
        : [.integer(Int128(key))]
      let values: Row = [
        .integer(Int128(random.next() % 20)), .string("load \(number) row \(ordinal)"),
        .integer(Int128(random.next() % 1000)),
      ]
      return (keys + values, random.next() % 6 == 0 && shape.hasDeletions)
    }
    return try load(of: rows)
  }

  func load(of rows: [(row: Row, isDelete: Bool)]) throws -> Load {
    let schema = try Self.definition(shape).schema
    let count = rows.count
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    let signs = Bitmap(count: count)
    for (index, row) in rows.enumerated() {
      for (builder, value) in zip(builders, row.row) { builder.append(value) }
      if row.isDelete { signs.set(index) }
    }
    let batch = ColumnBatch(
      schema: schema, rowCount: count, columns: builders.map { $0.finish() })
    return Load(batch: batch, deleteSigns: signs.setCount == 0 ? nil : signs, rows: rows)
  }

  /// The load has become visible with this commit.
  mutating func publish(_ load: Load, sequence: UInt64) {
    for (row, isDelete) in load.rows {
      let key = Array(row.prefix(keyCount))
      let moment: Int128 = if case .integer(let value) = row[keyCount] { value } else { 0 }
      if shape.hasSequence, let known = rows[key], known.sequence > moment { continue }
      rows[key] = (isDelete ? nil : row, moment)
    }
    if sequence > 0 { history[sequence] = visible }
  }

  /// The partial load has become visible with this commit.
  mutating func publish(_ load: PartialKeyLoad, sequence: UInt64) {
    for row in load.rows {
      let key = Array(row.row.prefix(keyCount))
      let known = rows[key]
      var moment = known?.sequence ?? 3
      if row.given[keyCount], case .integer(let value) = row.row[keyCount] {
        if shape.hasSequence, let known, known.sequence > value { continue }
        moment = value
      }
      var values = known?.row ?? key + Self.defaults
      for column in values.indices where row.given[column] { values[column] = row.row[column] }
      if shape.hasSequence { values[keyCount] = .integer(moment) }
      rows[key] = (row.isDelete ? nil : values, moment)
    }
    if sequence > 0 { history[sequence] = visible }
  }

  /// The rows that meet a condition have been deleted with this commit.
  /// - Returns: how many.
  mutating func delete(where condition: KeyCondition, sequence: UInt64) -> Int {
    var count = 0
    for (key, known) in rows {
      guard let row = known.row, condition.matches(row) else { continue }
      rows[key] = (nil, known.sequence)
      count += 1
    }
    if sequence > 0 { history[sequence] = visible }
    return count
  }

  /// The rows of some keys that there have ever been, as a load could bring them.
  func wholeRows(of keys: Set<Row>) -> [(row: Row, isDelete: Bool)] {
    TestStore.sorted(rows.keys.filter { keys.contains($0) }).map { key in
      let known = rows[key]
      return (known?.row ?? key + Self.defaults, known?.row == nil)
    }
  }

  /// Rows that are deleted are forgotten for good when their deletion is.
  var visible: [Row] { TestStore.sorted(rows.values.compactMap(\.row)) }

  /// The rows that a snapshot shows, sorted.
  static func contents(of table: TableSnapshot) throws -> [Row] {
    var rows: [Row] = []
    for segment in try table.tablets.flatMap({ try $0.liveSegments() }) {
      var all = try TestStore.rows(of: [segment.segment])
      for (index, column) in table.definition.schema.columns.enumerated() {
        guard let patch = try segment.patched?.patch(of: column) else { continue }
        for (place, row) in patch.rows.enumerated() {
          all[Int(row)][index] = patch.values[place]
        }
      }
      for (ordinal, row) in all.enumerated()
      where !(segment.deleted?.contains(ordinal) ?? false) {
        rows.append(Array(row.prefix(table.definition.schema.columns.count)))
      }
    }
    return TestStore.sorted(rows)
  }
}

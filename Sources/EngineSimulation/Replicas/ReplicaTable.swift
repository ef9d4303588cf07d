import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// The table that all replicas of a simulation have. The rows of a load follow from its number, so
/// that every replica is given the same.
struct ReplicaTable: Sendable {
  enum Keys: CaseIterable, Sendable {
    case duplicate, hash, sorted, sequenced, mergedOnRead
  }

  struct Row: Hashable, Sendable {
    let key: Int
    let moment: Int
    let text: String?
    let isDeletion: Bool

    var values: [Value] {
      [
        .integer(Int128(key)), .integer(Int128(moment)), text.map { .string($0) } ?? .null,
        .floating(Double(moment) / 4),
      ]
    }

    /// Of what it holds, whatever the order of rows.
    var hash: UInt64 {
      var hash = mixBits(UInt64(key) << 32 | UInt64(moment))
      for byte in (text ?? "\u{0}").utf8 { hash = mixBits(hash ^ UInt64(byte)) }
      return hash
    }
  }

  let keys: Keys
  let seed: UInt64
  let definition: TableDefinition

  init(_ keys: Keys, seed: UInt64, bucketCount: Int, durability: Durability) throws {
    self.keys = keys
    self.seed = seed
    let columns: [(String, DataType, Bool)] = [
      ("key", .int64, false), ("moment", .int32, false), ("text", .string, true),
      ("amount", .double, false),
    ]
    let schema = try Schema(
      columns: columns.enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.0, type: column.1,
          isNullable: column.2)
      }, sortKeyCount: 1, keysModel: keys == .duplicate ? .duplicate : .unique)
    var options: UniqueKeyOptions?
    switch keys {
    case .duplicate: break
    case .hash: options = UniqueKeyOptions(index: .hash)
    case .sorted: options = UniqueKeyOptions(index: .sorted)
    case .sequenced: options = UniqueKeyOptions(sequenceColumn: "moment")
    case .mergedOnRead: options = UniqueKeyOptions(merge: .onRead)
    }
    definition = try TableDefinition(
      name: "replicated", schema: schema, bucketCount: bucketCount,
      segmentOptions: SegmentOptions(rowsPerPage: 8), durability: durability, uniqueKeys: options)
  }

  var name: String { definition.name }

  func bucket(of row: Row) -> Int { definition.bucket(of: [.integer(Int128(row.key))]) }

  /// The rows of a load; at least one, and of unique keys one of each.
  func rows(ofLoad load: Int) -> [Row] {
    var random = SeededGenerator(seed: mixBits(seed ^ UInt64(load)))
    let keySpan: UInt64 = keys == .duplicate ? 1000 : 30
    var taken: Set<Int> = []
    return (0...Int(random.next() % 12)).compactMap { ordinal in
      let key = Int(random.next() % keySpan)
      // Where a sequence decides, what is forgotten of deletions depends on when compactions run.
      let mayDelete = keys != .duplicate && keys != .sequenced
      let row = Row(
        key: key, moment: Int(random.next() % 50),
        text: random.next() % 5 == 0 ? nil : "load \(load) row \(ordinal % 3)",
        isDeletion: mayDelete && random.next() % 6 == 0)
      return keys == .duplicate || taken.insert(key).inserted ? row : nil
    }
  }

  func batch(_ rows: [Row]) throws -> (batch: ColumnBatch, deletions: Bitmap?) {
    let builders = definition.schema.columns.map { ColumnBuilder(type: $0.type) }
    let deletions = Bitmap(count: rows.count)
    for (index, row) in rows.enumerated() {
      for (builder, value) in zip(builders, row.values) { builder.append(value) }
      if row.isDeletion { deletions.set(index) }
    }
    let batch = ColumnBatch(
      schema: definition.schema, rowCount: rows.count, columns: builders.map { $0.finish() })
    return (batch, deletions.setCount == 0 ? nil : deletions)
  }

  /// What a reader of a tablet finds.
  func digest(of tablet: TabletSnapshot) throws -> Digest {
    var digest = Digest()
    var work = PageWork()
    for live in try tablet.liveSegments() {
      let reader = try live.segment.reader()
      for page in 0..<reader.pageCount {
        let range = reader.rowRange(ofPage: page)
        // The table is never altered, so segments have its columns.
        let vectors = try definition.schema.columns.indices.map {
          try reader.readPage(column: $0, page: page, work: &work)
        }
        for row in 0..<range.count
        where !(live.deleted?.contains(range.lowerBound + row) ?? false) {
          digest.add(hash: try Self.row(vectors.map { $0[row] }).hash)
        }
      }
    }
    return digest
  }

  private static func row(_ values: [Value]) throws -> Row {
    guard case .integer(let key) = values[0], case .integer(let moment) = values[1],
      case .floating(let amount) = values[3], amount == Double(moment) / 4
    else { throw SimulationFailure("a row that nobody wrote: \(values)") }
    var text: String?
    if case .string(let found) = values[2] { text = found }
    return Row(key: Int(key), moment: Int(moment), text: text, isDeletion: false)
  }
}

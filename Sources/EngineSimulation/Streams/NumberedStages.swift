import ScanKernels
import StorageBase
import StreamDriver

/// What a simulated stream does with its rows: some are rejected, the others go to one of two
/// tables, update some columns of two more, and are counted in groups.
final class NumberedStages: StreamStages {
  static let tables = (
    even: "even", odd: "odd", totals: "totals", fixed: "fixed", flexible: "flexible"
  )
  static let rejected = "rejected"

  private let stream: NumberedStream
  private let updates: NumberedUpdates
  private var totals = Totals()

  init(_ stream: NumberedStream) throws {
    self.stream = stream
    updates = try NumberedUpdates()
  }

  static func isRejected(_ id: Int64) -> Bool { id % 17 == 3 }

  static func line(of id: Int64) -> String { "{\"id\": \(id)}" }

  func process(_ batch: SourceBatch, at now: Timestamp) throws -> StagedRows {
    var staged = StagedRows()
    var kept: [[Int64]] = [[], []]
    for row in 0..<batch.rows.rowCount {
      guard case .integer(let wide) = batch.rows.rows.columns[0][row] else {
        throw SimulationFailure("a row has no number")
      }
      let id = Int64(wide)
      if Self.isRejected(id) {
        staged.sideRows.append(SideRow(output: Self.rejected, line: Self.line(of: id)))
      } else {
        kept[Int(id & 1)].append(id)
        totals.add(id)
      }
    }
    staged.writes = [
      TableWrite(table: Self.tables.even, rows: stream.batch(kept[0])),
      TableWrite(table: Self.tables.odd, rows: stream.batch(kept[1])),
    ]
    staged.writes += try updates.writes(of: kept.joined().sorted())
    return staged
  }

  func endEpoch(horizon: EventTimeHorizon) -> [any Sendable] {
    defer { totals = Totals() }
    return [totals]
  }
}

/// How many rows there are of each group, and the sums of their amounts.
struct Totals: Hashable, Sendable {
  static let groupCount = NumberedStream.groupCount
  private(set) var counts = [Int64](repeating: 0, count: Int(groupCount))
  private(set) var sums = [Int64](repeating: 0, count: Int(groupCount))

  init() {}

  init(counts: [Int64], sums: [Int64]) {
    self.counts = counts
    self.sums = sums
  }

  mutating func add(_ id: Int64) {
    counts[Int(id % Self.groupCount)] += 1
    sums[Int(id % Self.groupCount)] += NumberedStream.amount(of: id)
  }

  mutating func add(_ other: Totals) {
    for group in counts.indices {
      counts[group] += other.counts[group]
      sums[group] += other.sums[group]
    }
  }

  static func makeSchema() throws -> Schema {
    try Schema(
      columns: ["grp", "count", "sum"].enumerated().map { position, name in
        Column(
          id: ColumnID(rawValue: UInt32(position + 1)), name: name, type: .int64,
          isNullable: false)
      }, sortKeyCount: 1, keysModel: .unique)
  }

  /// Groups that have rows.
  var rows: [[Int64]] {
    counts.indices.filter { counts[$0] > 0 }.map { [Int64($0), counts[$0], sums[$0]] }
  }
}

/// Keeps the totals between checkpoints, and writes all of them at each.
final class TotalsOperators: StreamOperators {
  private let schema: Schema
  private var totals = Totals()

  init() throws { schema = try Totals.makeSchema() }

  var horizon: EventTimeHorizon { EventTimeHorizon() }

  func expect(partitions: [String]) {}

  func merge(_ gathered: [any Sendable]) throws {
    for part in gathered {
      guard let part = part as? Totals else { throw SimulationFailure("no totals") }
      totals.add(part)
    }
  }

  func advance(without silent: Set<String>, isEnd: Bool) -> [TableWrite] {
    let rows = totals.rows
    let columns = (0..<3).map { column in
      let builder = ColumnBuilder(type: .int64, capacity: rows.count)
      for row in rows { builder.append(integer: row[column]) }
      return builder.finish()
    }
    let batch = ColumnBatch(schema: schema, rowCount: rows.count, columns: columns)
    return [TableWrite(table: NumberedStages.tables.totals, rows: batch)]
  }

  func state() -> [String: [UInt8]] {
    var writer = ByteWriter()
    for number in totals.counts + totals.sums { writer.append(number) }
    return ["totals": writer.bytes]
  }

  func restore(_ state: [String: [UInt8]]) throws {
    guard let bytes = state["totals"] else { return }
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: "totals")
      let counts = try (0..<Totals.groupCount).map { _ in try reader.read(Int64.self, "count") }
      let sums = try (0..<Totals.groupCount).map { _ in try reader.read(Int64.self, "sum") }
      totals = Totals(counts: counts, sums: sums)
    }
  }
}

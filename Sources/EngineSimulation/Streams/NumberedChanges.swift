import ScanKernels
import StorageBase
import StreamDriver
import TabletEngine

/// Changes of columns among the rows of a `NumberedStream`: every partition is told all of them, in
/// one order, each between two rows of its own.
struct NumberedChanges: Sendable {
  /// What the table does not allow, so that it goes to the dead letters.
  static let refused = 3

  /// By partition, before which row each change comes; ascending.
  private let rows: [[Int]]
  private let hasIDs: Bool

  init(rowCounts: [Int], random: inout SeededGenerator) {
    hasIDs = random.next() % 2 == 0
    rows = rowCounts.map { count in
      Self.changes.indices.map { _ in Int(random.next() % UInt64(count + 1)) }.sorted()
    }
  }

  private static let changes: [SchemaChange] = [
    .addColumn(name: "extra", type: .int32),
    .renameColumn("amount", to: "value"),
    .dropColumn("name"),
    .dropColumn("id"),
    .widenColumn("extra", to: .int64),
    .addColumn(
      name: "name", type: .string, isNullable: false, defaultValue: .string("none"),
      after: "value"),
  ]

  /// Rows and changes of a partition, counted together.
  func itemCount(_ partition: Int, rowCount: Int) -> Int { rowCount + rows[partition].count }

  /// The change at a place of a partition; nil for a row.
  func event(_ partition: Int, at item: Int) -> SchemaEvent? {
    let changes = rows[partition]
    guard let place = changes.indices.first(where: { changes[$0] + $0 == item }) else { return nil }
    return SchemaEvent(
      id: hasIDs ? "\(place)" : nil, content: .changes([.change(Self.changes[place])]),
      text: "change \(place)")
  }

  /// The row at a place that has one.
  func row(_ partition: Int, at item: Int) -> Int {
    item - rows[partition].enumerated().count { $0.element + $0.offset < item }
  }

  /// Whether a row comes behind a change.
  private func isBehind(_ change: Int, _ id: Int64) -> Bool {
    rows[Int(id >> 32)][change] <= Int(id & 0xFFFF_FFFF)
  }

  /// What a row has in a column, as it comes.
  static func append(_ id: Int64, _ column: RowColumns.Column, to builder: ColumnBuilder) {
    if column.name == "extra" {
      builder.append(integer: extra(of: id, isWide: column.type == .int64))
    } else {
      builder.append(string: text(of: id))
    }
  }

  private static func extra(of id: Int64, isWide: Bool) -> Int64 {
    isWide ? id * 3 : id & 0xFFFF
  }

  private static func text(of id: Int64) -> String { "later \(id)" }

  /// What must be in the table in the end: `id`, `value`, `extra`, `name`.
  func expectedRow(_ id: Int64) -> [Value] {
    let extra: Value =
      isBehind(0, id) ? .integer(Int128(Self.extra(of: id, isWide: isBehind(4, id)))) : .null
    return [
      .integer(Int128(id)), .integer(Int128(NumberedStream.amount(of: id))), extra,
      .string(isBehind(5, id) ? Self.text(of: id) : "none"),
    ]
  }
}

import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of one bucket of a partial load that give rows of the table new values of some columns,
/// as deltas: the keys and these columns, nothing that is in the table is read. Immutable.
///
/// A delta holds keys that are given the same columns. What is no such row is left to be completed:
/// new keys, deletions, loads that give the sequence column (which decides whether a row counts,
/// and is kept beside the keys), and keys of sets of columns that few others have.
struct DeltaRows {
  /// An encoded delta.
  struct Encoded {
    let bytes: [UInt8]
    let keys: SoughtKeys
  }

  /// Keys that are given the same columns.
  private struct Group {
    /// Positions in the batch of the given columns, key columns aside.
    let columns: [Int]
    /// Positions in the groups of keys.
    var keys: [Int] = []
  }

  /// Sets of columns that get deltas of their own, those of most keys.
  private static let groupCountMax = 16

  private let partial: PartialRows
  private let groups: KeyGroups
  private let deltas: [Group]
  private let definition: TableDefinition
  /// Rows that have to be completed, in key order.
  let rest: [UInt32]

  /// - Parameters:
  ///   - partial: rows of the table's present schema.
  ///   - rows: those of the bucket in key order.
  ///   - keys: of all rows.
  init(
    _ partial: PartialRows, _ rows: [UInt32], keys: SortKeys, of table: TableSnapshot, bucket: Int
  ) throws {
    self.partial = partial
    definition = table.definition
    groups = try KeyGroups(rows, keys: keys, of: partial.batch, in: table.tablets[bucket])
    let schema = partial.batch.schema
    let givesSequence =
      definition.uniqueKeys?.sequenceColumn.map { schema.index(of: $0) != nil } ?? false
    let columns = GivenColumns(partial)
    var byColumns: [[Int]: Group] = [:]
    var rest: [Int] = []
    for key in 0..<groups.count {
      let own = groups.rows(of: key)
      let isDeleted = partial.deleteSigns.map { signs in own.contains { signs[Int($0)] } } ?? false
      let isPatch = !givesSequence && !isDeleted && groups.locations.hasRow(key)
      let given = isPatch ? columns.given(byRows: own) : []
      if given.isEmpty {
        rest.append(key)
      } else {
        byColumns[given, default: Group(columns: given)].keys.append(key)
      }
    }
    var deltas = byColumns.values.sorted { $0.keys.count > $1.keys.count }
    if deltas.count > Self.groupCountMax {
      rest += deltas[Self.groupCountMax...].flatMap(\.keys)
      rest.sort()
      deltas.removeSubrange(Self.groupCountMax...)
    }
    self.deltas = deltas
    let groups = groups
    self.rest = rest.flatMap { groups.rows(of: $0) }
  }

  /// The deltas, cut at a number of rows.
  func encode(rowCountMax: Int) throws -> [Encoded] {
    try deltas.flatMap { group in
      try stride(from: 0, to: group.keys.count, by: rowCountMax).map { start in
        try encode(group, group.keys[start..<min(group.keys.count, start + rowCountMax)])
      }
    }
  }

  private func encode(_ group: Group, _ keys: ArraySlice<Int>) throws -> Encoded {
    let schema = partial.batch.schema
    let last = keys.map { key -> UInt32 in
      let own = groups.rows(of: key)
      return own[own.endIndex - 1]
    }
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: definition.deltaSchema(group.columns.map { schema.columns[$0] }),
      options: definition.deltaOptions, sink: sink)
    let keyVectors = (0..<schema.sortKeyCount).map { partial.batch.columns[$0].gather(last) }
    for vector in keyVectors { try writer.writeColumn(vector) }
    for column in group.columns {
      var rows = last
      if let given = partial.given[column] {
        rows = keys.map { key in
          guard let row = groups.rows(of: key).last(where: { given[Int($0)] }) else {
            preconditionFailure("a row that gives the column")
          }
          return row
        }
      }
      try writer.writeColumn(partial.batch.columns[column].gather(rows))
    }
    _ = try writer.finish()
    return Encoded(
      bytes: sink.bytes,
      keys: SoughtKeys(
        columns: keyVectors.map { $0.widened() },
        keyColumns: Array(schema.columns[..<schema.sortKeyCount])))
  }
}

/// Which columns rows of a partial load give.
private struct GivenColumns {
  private let partial: PartialRows
  /// Those that all rows give, key columns aside.
  private let always: [Int]
  private let sometimes: [Int]

  init(_ partial: PartialRows) {
    self.partial = partial
    let all = partial.batch.columns.indices.dropFirst(partial.batch.schema.sortKeyCount)
    always = all.filter { partial.given[$0] == nil }
    sometimes = all.filter { partial.given[$0] != nil }
  }

  /// The columns that at least one of the rows gives, key columns aside.
  func given(byRows rows: ArraySlice<UInt32>) -> [Int] {
    if sometimes.isEmpty { return always }
    return always
      + sometimes.filter { column in
        rows.contains { partial.given[column]?[Int($0)] ?? true }
      }
  }
}

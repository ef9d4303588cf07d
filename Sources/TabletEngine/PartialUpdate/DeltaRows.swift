import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of one bucket of a partial load that give rows of the table new values of some columns,
/// as deltas: the keys and these columns, nothing that is in the table is read. Immutable.
///
/// A delta holds keys that are given the same columns, the sequence column perhaps among them:
/// whether its rows count is found out when it is published. What is no such row is left to be
/// completed: new keys, deletions, keys of sets of columns that few others have, and keys of
/// several rows where it depends on the sequence that is there what they come to.
struct DeltaRows {
  /// An encoded delta.
  struct Encoded {
    let bytes: [UInt8]
    let keys: DeltaKeys
  }

  /// Keys that are given the same columns.
  private struct Group {
    /// Positions in the batch of the given columns, key columns aside.
    let columns: [Int]
    /// Of each key the rows of the batch that count, oldest first.
    var keys: [ArraySlice<UInt32>] = []
  }

  /// Sets of columns that get deltas of their own, those of most keys.
  private static let groupCountMax = 16

  private let partial: PartialRows
  private let deltas: [Group]
  private let definition: TableDefinition
  /// Where the batch has the sequence column; nil where it does not.
  private let sequence: Int?
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
    let groups = try KeyGroups(rows, keys: keys, of: partial.batch, in: table.tablets[bucket])
    sequence = definition.uniqueKeys?.sequenceColumn.flatMap {
      partial.batch.schema.index(of: $0)
    }
    let columns = GivenColumns(partial)
    let counting = CountingRows(partial, columns, sequence: sequence)
    var byColumns: [[Int]: (group: Group, numbers: [Int])] = [:]
    var rest: [Int] = []
    for key in 0..<groups.count {
      let own = groups.rows(of: key)
      let isDeleted = partial.deleteSigns.map { signs in own.contains { signs[Int($0)] } } ?? false
      let isPatch = !isDeleted && groups.locations.hasRow(key)
      guard isPatch, let rows = counting.rows(among: own) else {
        rest.append(key)
        continue
      }
      let given = columns.given(byRows: rows)
      if given.isEmpty {
        rest.append(key)
      } else {
        byColumns[given, default: (Group(columns: given), [])].group.keys.append(rows)
        byColumns[given]?.numbers.append(key)
      }
    }
    var deltas = byColumns.values.sorted { $0.numbers.count > $1.numbers.count }
    if deltas.count > Self.groupCountMax {
      rest += deltas[Self.groupCountMax...].flatMap(\.numbers)
      rest.sort()
      deltas.removeSubrange(Self.groupCountMax...)
    }
    self.deltas = deltas.map(\.group)
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

  private func encode(
    _ group: Group, _ keys: ArraySlice<ArraySlice<UInt32>>
  ) throws -> Encoded {
    let schema = partial.batch.schema
    let last = keys.map { $0[$0.endIndex - 1] }
    let sink = MemorySink()
    let writer = try SegmentWriter(
      schema: definition.deltaSchema(group.columns.map { schema.columns[$0] }),
      options: definition.deltaOptions, sink: sink)
    let keyVectors = (0..<schema.sortKeyCount).map { partial.batch.columns[$0].gather(last) }
    for vector in keyVectors { try writer.writeColumn(vector) }
    var sequences: AlignedBuffer?
    for column in group.columns {
      var rows = last
      if let given = partial.given[column] {
        rows = keys.map { own in
          guard let row = own.last(where: { given[Int($0)] }) else {
            preconditionFailure("a row that gives the column")
          }
          return row
        }
      }
      let vector = partial.batch.columns[column].gather(rows)
      if column == sequence { sequences = SequenceCodes.codes(of: vector) }
      try writer.writeColumn(vector)
    }
    _ = try writer.finish()
    let sought = SoughtKeys(
      columns: keyVectors.map { $0.widened() },
      keyColumns: Array(schema.columns[..<schema.sortKeyCount]))
    return Encoded(bytes: sink.bytes, keys: DeltaKeys(keys: sought, sequences: sequences))
  }
}

/// Which of several rows of one key count, as far as that does not depend on what is there.
private struct CountingRows {
  private let columns: GivenColumns
  /// The sequences of the batch; nil when it has none.
  private let sequences: AlignedBuffer?
  /// The rows that give it; nil for all.
  private let givesSequence: Bitmap?

  init(_ partial: PartialRows, _ columns: GivenColumns, sequence: Int?) {
    self.columns = columns
    sequences = sequence.map { SequenceCodes.codes(of: partial.batch.columns[$0]) }
    givesSequence = sequence.flatMap { partial.given[$0] }
  }

  /// - Parameter rows: those of one key, oldest first.
  /// - Returns: the rows that count, oldest first: all of them where none gives a sequence, and the
  ///   newest of those with the greatest where all do and give the same columns, so that nothing
  ///   is left of the others. Nil for other rows.
  func rows(among rows: ArraySlice<UInt32>) -> ArraySlice<UInt32>? {
    guard rows.count > 1, let sequences else { return rows }
    let count = rows.count { givesSequence?[Int($0)] ?? true }
    if count == 0 { return rows }
    let given = columns.given(byRows: rows)
    guard count == rows.count,
      rows.indices.allSatisfy({ columns.given(byRows: rows[$0...$0]) == given })
    else { return nil }
    let codes = sequences.values(as: UInt64.self)
    var newest = rows.startIndex
    for index in rows.indices where codes[Int(rows[index])] >= codes[Int(rows[newest])] {
      newest = index
    }
    return rows[newest...newest]
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

import ScanKernels
import SegmentFormat
import StorageBase

/// Makes whole rows of the rows of one bucket of a partial load, a column at a time: what no row
/// gives comes from the row of the key that a snapshot has, else from defaults. Immutable.
struct RowCompletion {
  private let partial: PartialRows
  private let folded: FoldedRows
  private let old: OldRows
  /// Where sequences are carried from; nil without a sequence column.
  private let oldSequences: OldRows?
  private let definition: TableDefinition
  private let tablet: TabletSnapshot
  private let bucket: Int
  private let basis: KeyBasis

  /// - Parameters:
  ///   - partial: rows of the table's present schema.
  ///   - rows: those of the bucket in key order.
  ///   - keys: of all rows.
  /// - Throws: `StorageError.invalidArgument` naming a key that is new and refused, and what
  ///   reading throws.
  init(
    _ partial: PartialRows, _ rows: [UInt32], keys: SortKeys, of table: TableSnapshot, bucket: Int
  ) throws {
    self.partial = partial
    self.bucket = bucket
    let definition = table.definition
    let tablet = table.tablets[bucket]
    self.definition = definition
    self.tablet = tablet
    let groups = try KeyGroups(rows, keys: keys, of: partial.batch, in: tablet)
    let column = definition.uniqueKeys?.sequenceColumn.flatMap { definition.schema.index(of: $0) }
      .map { definition.schema.columns[$0] }
    let position = column.flatMap { partial.batch.schema.index(of: $0.id) }
    let givesSequence = position.flatMap { partial.given[$0] }
    let oldSequences = try column.map { column in
      let locations = try groups.sequenceLocations(column, in: tablet) { key in
        let own = groups.rows(of: key)
        return own.count > 1 || position == nil
          || !own.allSatisfy { givesSequence?[Int($0)] ?? true }
      }
      return try OldRows(locations, of: definition, columnCount: 1)
    }
    self.oldSequences = oldSequences
    var oldCodes: AlignedBuffer?
    if let column, let oldSequences {
      oldCodes = SequenceCodes.codes(of: try oldSequences.read(column))
    }
    let positions = oldSequences?.positions ?? []
    let folded = FoldedRows(
      groups, deleteSigns: partial.deleteSigns,
      sequence: position.map { SequenceCodes.codes(of: partial.batch.columns[$0]) },
      givesSequence: givesSequence, defaultSequence: column.map(Self.defaultSequence) ?? 0
    ) { key in
      guard let oldCodes, positions[key] != OldRows.none else { return nil }
      return oldCodes.values(as: UInt64.self)[Int(positions[key])]
    }
    self.folded = folded
    let found = Bitmap(count: groups.count)
    let independent = Bitmap(count: groups.count)
    var used = groups.locations
    for key in 0..<groups.count {
      if groups.locations.hasRow(key) { found.set(key) }
      if folded.startsAnew[key] { used.clear(key) }
      let isAlone = groups.rows(of: key).count == 1
      let carriesSequence = column != nil && folded.sequenceRows[key] == OldRows.none
      if folded.deleted[key], isAlone, !carriesSequence { independent.set(key) }
    }
    old = try OldRows(
      used, of: definition,
      columnCount: definition.schema.columns.count - partial.given.count { $0 == nil })
    basis = KeyBasis(version: tablet.version, found: found, independent: independent)
    if partial.newKeys == .refuse, let key = folded.firstNewKey { throw refusal(of: key) }
  }

  /// The sequence of rows that have the default.
  private static func defaultSequence(_ column: Column) -> UInt64 {
    let value = column.defaultValue ?? (column.isNullable ? .null : column.type.filler)
    let codes = SequenceCodes.codes(of: .constant(value, type: column.type, count: 1))
    return codes.values(as: UInt64.self)[0]
  }

  private var keyCount: Int { folded.rows.count }

  /// The segments of the rows.
  /// - Throws: `StorageError.schemaMismatch` naming a column that a new key has no value for.
  func encode(rowCountMax: Int) throws -> [SegmentPiece.Encoded] {
    let pieces = try stride(from: 0, to: keyCount, by: rowCountMax).map { start in
      let range = start..<min(keyCount, start + rowCountMax)
      return try SegmentPiece(
        bucket: bucket, rows: range.map { UInt32($0) }, ofRowCount: keyCount,
        deleteSigns: folded.deleted, definition: definition, tablet: tablet,
        basis: basis.gather(range))
    }
    for column in definition.schema.columns {
      let vector = try vector(of: column)
      for piece in pieces { try piece.append(vector) }
    }
    return try pieces.map { try $0.finish() }
  }

  // MARK: Columns

  private func vector(of column: Column) throws -> ColumnVector {
    let position = partial.batch.schema.index(of: column.id)
    let isSequence = definition.uniqueKeys?.sequenceColumn == column.name
    var sources = ColumnSources(given: position.map { partial.batch.columns[$0] })
    if isSequence {
      sources.old = oldSequences
      for (key, row) in folded.sequenceRows.enumerated() { add(key, row, to: &sources) }
    } else if let position, let given = partial.given[position] {
      sources.old = old
      for key in 0..<keyCount {
        add(key, folded.row(of: key, giving: given) ?? OldRows.none, to: &sources)
      }
    } else if position != nil {
      sources.rows = folded.rows
      sources.givenCount = keyCount
    } else {
      sources.old = old
      for key in 0..<keyCount { add(key, OldRows.none, to: &sources) }
    }
    return try sources.vector(of: column, default: try defaultValue(of: column, sources))
  }

  private func add(_ key: Int, _ row: UInt32, to sources: inout ColumnSources) {
    if row != OldRows.none {
      sources.appendGiven(row)
    } else if let position = sources.old?.positions[key], position != OldRows.none {
      sources.appendOld(position)
    } else {
      sources.appendDefault(isNeeded: !folded.deleted[key], key: key)
    }
  }

  /// What the column holds where no row gives it; of deletions it does not matter.
  private func defaultValue(of column: Column, _ sources: ColumnSources) throws -> Value {
    if let value = column.defaultValue { return value }
    if column.isNullable { return .null }
    guard let key = sources.keyWithoutValue else { return column.type.filler }
    throw StorageError.schemaMismatch(
      table: definition.name, column: column.name,
      expected: "a value, since it has no default and must not be null",
      found: "none for the new key (\(text(of: key)))")
  }

  private func refusal(of key: Int) -> StorageError {
    .invalidArgument(
      name: "partial update of table \(definition.name)", value: "key (\(text(of: key)))",
      reason: "there is no row of that key, and new keys are refused")
  }

  private func text(of key: Int) -> String {
    let row = Int(folded.rows[key])
    return (0..<definition.schema.sortKeyCount).map { column in
      definition.schema.columns[column].type.format(partial.batch.columns[column][row])
    }.joined(separator: ", ")
  }
}

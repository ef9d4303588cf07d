import ScanKernels
import SegmentFormat
import StorageBase

/// How one tablet of a unique-key table keeps its rows unique; shared by all its snapshots.
/// Thread-safe.
final class TabletKeys: Sendable {
  let options: UniqueKeyOptions
  let schema: Schema
  /// Nil when rows are merged by readers.
  let index: (any KeyIndex)?
  let readers = SnapshotReaders()

  /// Nil for a table whose keys are not unique.
  /// - Parameter seed: what nobody who chooses keys knows.
  init?(_ definition: TableDefinition, seed: UInt64) {
    guard let options = definition.uniqueKeys else { return nil }
    self.options = options
    schema = definition.schema
    switch options.merge {
    case .onRead: index = nil
    case .onWrite:
      switch options.index {
      case .hash:
        var random = SeededGenerator(seed: seed)
        index = HashKeyIndex(
          definition.schema, options, secret: KeySecret(using: &random))
      case .sorted: index = SortedKeyIndex(definition.schema, options)
      }
    }
  }

  /// The keys and sequences of a delta, read from it.
  func keys(ofDelta delta: RowsetSegment) throws -> DeltaKeys {
    func vector(of column: Column) throws -> ColumnVector {
      let builder = ColumnBuilder(type: column.type)
      try delta.forEachPage(of: column) { builder.append($0, rows: 0..<$0.count) }
      return builder.finish()
    }
    let keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    let sequence = try sequenceColumn.flatMap { column in
      try delta.reader().schema.index(of: column.id) == nil ? nil : vector(of: column)
    }
    return DeltaKeys(
      keys: SoughtKeys(columns: try keyColumns.map(vector), keyColumns: keyColumns),
      sequences: sequence.map { SequenceCodes.codes(of: $0) })
  }

  private var sequenceColumn: Column? {
    options.sequenceColumn.flatMap { schema.index(of: $0) }.map { schema.columns[$0] }
  }

  /// What publishing a segment takes, read from the segment.
  func keys(of segment: RowsetSegment) throws -> SegmentKeys? {
    guard let index else { return nil }
    let keyColumns = schema.columns[..<schema.sortKeyCount]
    let sequenceColumn = sequenceColumn
    let pages = try KeyPages(segment, Array(keyColumns), sequenceColumn)
    let keys = keyColumns.map { ColumnBuilder(type: $0.type, capacity: pages.rowCount) }
    let sequences = sequenceColumn.map {
      ColumnBuilder(type: $0.type, capacity: pages.rowCount)
    }
    let signs = Bitmap(count: pages.rowCount)
    try pages.forEachPage { page in
      for (builder, vector) in zip(keys, page.keys) {
        builder.append(vector, rows: 0..<vector.count)
      }
      if let vector = page.sequence { sequences?.append(vector, rows: 0..<vector.count) }
      page.deleteSigns?.forEachSet { signs.set(page.rows.lowerBound + $0) }
    }
    return try index.prepare(
      keys: keys.map { $0.finish() }, sequence: sequences?.finish(),
      deleteSigns: pages.hasDeleteSigns ? signs : nil, over: nil)
  }
}

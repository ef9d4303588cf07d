import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization

/// How one tablet of a unique-key table keeps its rows unique; shared by all its snapshots.
/// Thread-safe.
final class TabletKeys: Sendable {
  let options: UniqueKeyOptions
  let schema: Schema
  /// Nil when rows are merged by readers.
  let index: (any KeyIndex)?
  let readers = SnapshotReaders()
  /// Of the snapshot that was made last, whether it has become visible or not.
  private let newestRevision = Atomic<UInt64>(0)

  /// Nil for a table whose keys are not unique.
  /// - Parameters:
  ///   - seed: what nobody who chooses keys knows.
  ///   - cache: keeps the index in memory.
  init?(_ definition: TableDefinition, seed: UInt64, cache: KeyIndexCache) {
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
          definition.schema, options, secret: KeySecret(using: &random), cache: cache)
      case .sorted: index = SortedKeyIndex(definition.schema, options)
      }
    }
  }

  /// A number for a snapshot that has other rowsets than the one it was made from.
  func nextRevision() -> UInt64 {
    newestRevision.add(1, ordering: .acquiringAndReleasing).newValue
  }

  /// Whether nothing has been made of a snapshot: it is the newest state, and nobody is about to
  /// put another one into its place. Whoever is says so, by making that one, before the index hears
  /// of it; asked with the lock of the index held, the answer holds for as long.
  func isNewest(_ revision: UInt64) -> Bool {
    newestRevision.load(ordering: .acquiring) == revision
  }

  /// What was made of the snapshot with this number has been given up, or it is the last one made.
  /// Called by the one thread that makes snapshots.
  func settle(at revision: UInt64) { newestRevision.store(revision, ordering: .releasing) }

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

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

  /// The position of the sequence column.
  var sequence: Int? { options.sequenceColumn.flatMap { schema.index(of: $0) } }

  /// What publishing a segment takes, read from the segment.
  func keys(of segment: RowsetSegment) throws -> SegmentKeys? {
    guard let index else { return nil }
    let reader = try segment.reader()
    func read(_ column: Column) throws -> ColumnVector {
      let position = try reader.position(of: column)
      let builder = ColumnBuilder(type: column.type, capacity: reader.rowCount)
      var work = PageWork()
      for page in 0..<reader.pageCount {
        let vector = try reader.readPage(column: position, page: page, work: &work)
        builder.append(vector, rows: 0..<vector.count)
      }
      return builder.finish()
    }
    let hasSigns = reader.schema.index(of: DeleteSign.column.id) != nil
    return try index.prepare(
      keys: try schema.columns[..<schema.sortKeyCount].map(read),
      sequence: try sequence.map { try read(schema.columns[$0]) },
      deleteSigns: hasSigns ? DeleteSign.rows(try read(DeleteSign.column)) : nil, over: nil)
  }
}

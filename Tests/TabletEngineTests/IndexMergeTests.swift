import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Indexes of merged segments are those of the merged rows, whether merged or built.
@Suite struct IndexMergeTests {
  private func gather(_ batch: ColumnBatch, _ rows: [UInt32]) -> ColumnBatch {
    ColumnBatch(
      schema: batch.schema, rowCount: rows.count, columns: batch.columns.map { $0.gather(rows) })
  }

  /// A sorted segment, with the indexes of the definition or without.
  private func segment(
    _ definition: TableDefinition, load: Int, count: Int, isIndexed: Bool,
    _ random: inout SeededGenerator
  ) throws -> SegmentReader {
    let batch = try TestStore.batch(TestStore.rows(load: load, count: count, random: &random))
    let sorted = gather(batch, RowSorter(batch).sorted(Array(0..<UInt32(count))))
    let bytes =
      isIndexed
      ? try SegmentWriter.encode(sorted, options: definition.segmentOptions) { column, writer in
        try definition.appendIndex(ofColumn: column, of: sorted.columns[column], to: writer)
      }.bytes
      : try SegmentWriter.encode(sorted, options: definition.segmentOptions).bytes
    let reader = try SegmentReader(file: MemoryFile(path: "input \(load)", bytes: bytes))
    #expect(reader.hasInvertedIndexes == isIndexed)
    #expect(try IndexVerifier(definition).problems(of: reader) == [])
    return reader
  }

  /// Also rows that an output takes from the middle of a segment, and inputs of several segments.
  @Test(arguments: 0..<12 as Range<UInt64>) func mergedIndexesAreThoseOfTheRows(seed: UInt64) throws
  {
    var random = SeededGenerator(seed: seed)
    let definition = try TestStore.indexedDefinition(rowsPerPage: 4 + Int(random.next() % 20))
    // Every third run has inputs from before there were indexes.
    let lacksSome = seed % 3 == 0
    let inputs = try (0..<4).map { load in
      MergeInput(segments: [
        try segment(
          definition, load: load, count: 1 + Int(random.next() % 90),
          isIndexed: !(lacksSome && load % 2 == 0), &random)
      ])
    }
    let merger = try SegmentMerger(
      definition: definition, segmentRowCountMax: [17, 64, 1 << 20][Int(seed % 3)], isBase: true)
    var sinks: [MemorySink] = []
    let result = try merger.merge(
      inputs, isCancelled: { false },
      sink: { _ in
        sinks.append(MemorySink())
        return sinks[sinks.count - 1]
      })
    #expect(result.rowCount == inputs.reduce(0) { $0 + $1.rowCount })
    let outputs = try sinks.enumerated().map { ordinal, sink in
      try SegmentReader(file: MemoryFile(path: "output \(ordinal)", bytes: sink.bytes))
    }
    for output in outputs {
      #expect(output.hasInvertedIndexes && output.verify() == [])
      #expect(try IndexVerifier(definition).problems(of: output) == [])
    }
    // The outputs follow one another, so they are one input of several segments.
    let extra = MergeInput(segments: [
      try segment(definition, load: 9, count: 30, isIndexed: true, &random)
    ])
    let again = MemorySink()
    _ = try SegmentMerger(definition: definition, segmentRowCountMax: 1 << 20, isBase: true)
      .merge(
        [MergeInput(segments: outputs), extra], isCancelled: { false }, sink: { _ in again })
    let whole = try SegmentReader(file: MemoryFile(path: "again", bytes: again.bytes))
    #expect(whole.rowCount == result.rowCount + 30)
    #expect(try IndexVerifier(definition).problems(of: whole) == [])
  }

  /// An index of other rows is found out.
  @Test func wrongIndexesAreFound() throws {
    let definition = try TestStore.indexedDefinition()
    var random = SeededGenerator(seed: 3)
    let rows = TestStore.rows(load: 0, count: 40, random: &random)
    let batch = try TestStore.batch(rows)
    for wrong in [[UInt32]((1..<40)) + [0], [UInt32]((0..<39)) + [38]] {
      let other = gather(batch, wrong)
      let bytes = try SegmentWriter.encode(batch, options: definition.segmentOptions) {
        column, writer in
        guard let index = definition.index(ofColumn: column) else { return }
        let builder = try InvertedIndexWriter(
          type: batch.schema.columns[column].type, options: index.options)
        try builder.add(other.columns[column], firstRow: 0)
        try writer.append(builder, ofColumn: column)
      }.bytes
      let reader = try SegmentReader(file: MemoryFile(path: "wrong", bytes: bytes))
      #expect(reader.verify() == [])
      #expect(try IndexVerifier(definition).problems(of: reader).count == 3)
    }
  }

  /// Definitions say what is wrong with them.
  @Test func unfitIndexesAreRefused() throws {
    let schema = try TestStore.schema()
    let unfit: [[ColumnIndex]] = [
      [ColumnIndex(column: ColumnID(rawValue: 99))],
      [ColumnIndex(column: schema.columns[0].id, options: IndexOptions(parser: .english))],
      [ColumnIndex(column: schema.columns[2].id), ColumnIndex(column: schema.columns[2].id)],
      [ColumnIndex(column: schema.columns[2].id, options: IndexOptions(ignoreAbove: 0))],
    ]
    for indexes in unfit {
      #expect(throws: StorageError.self) {
        try TableDefinition(name: "t", schema: schema, indexes: indexes)
      }
    }
    let filter = ColumnFilter(column: schema.columns[0].id)
    #expect(throws: StorageError.self) {
      try TableDefinition(
        name: "t", schema: schema, segmentOptions: SegmentOptions(filters: [filter, filter]))
    }
  }
}
